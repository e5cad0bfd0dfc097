// Bar charts as SVG by hand: panels in rows, one bar a program with its value beside it. They bring their own background,
// so that they can be read on a light and on a dark page, whatever the page thinks of the reader's setting.
export type Bar = { label: string; value: number; low: number; high: number; isOurs: boolean };
export type Panel = { title: string; bars: readonly Bar[] };
export type Chart = {
  title: string;
  subtitle: string;
  /** The panels of a row share one scale. */
  rows: readonly (readonly Panel[])[];
  write: (value: number) => string;
};

const WIDTH = 880;
const MARGIN = 24;
const HEADER = 64;
const GAP = 28;
const PANEL_TITLE = 26;
const BAR = 16;
const BAR_STEP = 23;
const LABEL = 100;
/** Room for the value beside the longest bar. */
const VALUE = 64;

const STYLE = `
  svg { --page: #ffffff; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --ours: #0b62d6; --other: #aeb7c1; --spread: #1f2328 }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --text: #e6edf3; --quiet: #9198a1; --line: #3d444d; --ours: #4493f8; --other: #59636e; --spread: #e6edf3 }
  }
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: var(--text) }
  .title { font-size: 17px; font-weight: 600 }
  .panel { font-weight: 600 }
  .quiet { fill: var(--quiet) }
  .ours { font-weight: 600 }
  .page { fill: var(--page); stroke: var(--line) }
  .axis { stroke: var(--line) }
  .spread { stroke: var(--spread); stroke-width: 1.5; opacity: .65 }
  rect.ours { fill: var(--ours) }
  rect.other { fill: var(--other) }`;

export function renderChart({ title, subtitle, rows, write }: Chart): string {
  const columnCount = Math.max(1, ...rows.map((row) => row.length));
  const panelWidth = (WIDTH - 2 * MARGIN - (columnCount - 1) * GAP) / columnCount;
  const parts: string[] = [];
  let y = MARGIN + HEADER;
  for (const row of rows) {
    const largest = Math.max(...row.flatMap(({ bars }) => bars.map(({ value, high }) => Math.max(value, high))));
    for (const [index, panel] of row.entries()) {
      const scale = (value: number) => (largest > 0 ? (value / largest) * (panelWidth - LABEL - VALUE) : 0);
      const place = `translate(${round(MARGIN + index * (panelWidth + GAP))} ${y})`;
      parts.push(`<g transform="${place}">${renderPanel(panel, scale, write)}</g>`);
    }
    y += PANEL_TITLE + Math.max(...row.map(({ bars }) => bars.length)) * BAR_STEP + GAP;
  }
  const height = y - GAP + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escape(title)}</title>
<desc id="description">${escape(subtitle)}</desc>
<style>${STYLE}
</style>
<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
<text class="title" x="${MARGIN}" y="${MARGIN + 16}">${escape(title)}</text>
<text class="quiet" x="${MARGIN}" y="${MARGIN + 38}">${escape(subtitle)}</text>
${parts.join('\n')}
</svg>
`;
}

function renderPanel({ title, bars }: Panel, scale: (value: number) => number, write: (value: number) => string) {
  const bottom = PANEL_TITLE + bars.length * BAR_STEP - (BAR_STEP - BAR);
  return [
    `<text class="panel" x="0" y="12">${escape(title)}</text>`,
    ...bars.map((bar, index) => renderBar(bar, PANEL_TITLE + index * BAR_STEP, scale, write)),
    `<line class="axis" x1="${LABEL}" x2="${LABEL}" y1="${PANEL_TITLE - 4}" y2="${bottom + 4}"/>`,
  ].join('\n');
}

function renderBar(
  { label, value, low, high, isOurs }: Bar,
  y: number,
  scale: (value: number) => number,
  write: (value: number) => string,
) {
  const kind = isOurs ? 'ours' : 'other';
  const text = isOurs ? 'class="ours" ' : '';
  const [middle, base] = [y + BAR / 2, y + BAR - 4];
  const parts = [
    `<text ${text}x="${LABEL - 8}" y="${base}" text-anchor="end">${escape(label)}</text>`,
    `<rect class="${kind}" x="${LABEL}" y="${y}" width="${round(Math.max(1, scale(value)))}" height="${BAR}"/>`,
    `<text ${text}x="${round(LABEL + scale(Math.max(value, high)) + 8)}" y="${base}">${escape(write(value))}</text>`,
  ];
  const [from, to] = [round(LABEL + scale(low)), round(LABEL + scale(high))];
  if (to > from) parts.push(`<line class="spread" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`);
  return parts.join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

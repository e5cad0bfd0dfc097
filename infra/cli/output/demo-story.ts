// The demo's story for people: what happened, in lines.
import { CHAPTERS, type ArrivedEvent, type Chapter, type DemoEvent, type KilledEvent } from '../../demo/demo-event.ts';
import type { Context } from '../context.ts';
import { glyphsFor } from './bar.ts';
import { contentFacts } from './copy-summary.ts';
import { demoEnding } from './demo-ending.ts';
import { styleFor, type Style } from './style.ts';
import { alignColumns } from './table.ts';
import { count, formatBytes, formatDuration, shortDigest } from './units.ts';

type Told = Exclude<DemoEvent, { type: 'progress' | 'job' }>;

const TITLES: Readonly<Record<Chapter, string>> = {
  webhook: "Push demo/app: the registry's own webhook does the rest",
  'shared-layers': 'Push demo/worker: the layer that demo/app has too is mounted, not sent',
  'lost-webhook': 'Push demo/tools, and lose its webhook: the next sweep finds it',
  kill: 'Push demo/model to slow targets, and kill the server while it copies',
  proof: 'Read everything back with another client',
};

/** @param launcher the file that starts this program in a checkout */
export function storyLines(event: Told, context: Context, launcher: string): string[] {
  const style = styleFor(context.io.stdout, context.io, context.globals);
  switch (event.type) {
    case 'starting':
      return [style('bold', 'Three registries in this process, and transship serve beside it')];
    case 'started':
      return startedLines(event);
    case 'chapter':
      return ['', style('bold', `${CHAPTERS.indexOf(event.chapter) + 1}  ${TITLES[event.chapter]}`)];
    case 'pushed': {
      const { reference, digest, sizeBytes, notifications } = event;
      const told = notifications === 0 ? 'no notification was sent' : count(notifications, 'notification');
      const facts = [`sha256:${shortDigest(digest)}`, formatBytes(sizeBytes), told];
      return [line('pushed', reference), dim(facts.join(glyphsFor(context.io.env).separator), style)];
    }
    case 'killed':
      return killedLines(event, style);
    case 'restarted':
      return [
        line('started', `the server again, ready in ${formatDuration(event.readyMs)}: its job goes on by itself`),
      ];
    case 'arrived':
      return arrivedLines(event, context, style);
    case 'check':
      return event.holds ? [`  ${style('green', 'holds')}     ${event.statement}`] : [];
    default:
      return demoEnding(event, style, launcher);
  }
}

function startedLines({ source, targets, url, server, config }: Extract<DemoEvent, { type: 'started' }>): string[] {
  return alignColumns([
    ['  source', `${source}, which sends webhooks`],
    ...targets.map(({ host, login }) => ['  target', login ? `${host}, which wants a login` : host]),
    ['  server', `${url}, ready in ${formatDuration(server.readyMs)}`],
    ['  config', config],
  ]);
}

function killedLines({ pid, targets }: KilledEvent, style: Style): string[] {
  return [
    line(style('yellow', 'killed'), `process ${pid} with SIGKILL`, 'killed'.length),
    ...targets.map(({ reference, receivedBytes, sizeBytes, isVisible }) =>
      dim(
        `${reference}: ${formatBytes(receivedBytes)} of ${formatBytes(sizeBytes)}, ${isVisible ? 'TAG IS THERE' : 'no tag'}`,
        style,
      ),
    ),
  ];
}

function arrivedLines({ targets, job }: ArrivedEvent, { io }: Context, style: Style): string[] {
  const by = job.trigger === 'sweep' ? ', by a sweep' : '';
  return targets.flatMap((target) => {
    const { state, reference, latencyMs, resentBytes } = target;
    const facts = contentFacts(target).join(glyphsFor(io.env).separator);
    const again = `sent again: ${formatBytes(resentBytes)} of unfinished layers; only large ones resume`;
    return [
      line(style('green', state), `${reference}  ${formatDuration(latencyMs)} after the push${by}`, state.length),
      ...(facts === '' ? [] : [dim(facts, style)]),
      ...(resentBytes === 0 ? [] : [dim(again, style)]),
    ];
  });
}

const WORD_WIDTH = 8;

function line(word: string, text: string, visible = word.length): string {
  return `  ${word}${' '.repeat(Math.max(0, WORD_WIDTH - visible))}  ${text}`;
}

function dim(text: string, style: Style): string {
  return `    ${style('dim', text)}`;
}

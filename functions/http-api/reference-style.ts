// The style sheet of the reference page.

export const REFERENCE_STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d8dee6, #343b45); --quiet: light-dark(#56606c, #a3adb9);
  --paper: light-dark(#ffffff, #14181d); --sheet: light-dark(#f4f6f9, #1c2128); --ink: light-dark(#1b222b, #e4e9ef);
  --mark: light-dark(#0a58ad, #7fb6f5); }
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: minmax(14rem, 20rem) minmax(0, 1fr); background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem; background: var(--sheet);
  border-right: 1px solid var(--line); font-size: 0.85rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { overflow-wrap: anywhere; margin: 0.25rem 0; }
main { padding: 1.5rem 2.5rem 6rem; max-width: 60rem; }
h2 { margin: 2.5rem 0 0.5rem; }
h2::first-letter { text-transform: uppercase; }
nav h2 { margin: 1.25rem 0 0.25rem; font-size: 0.85rem; color: var(--quiet); }
h3 { margin: 0; overflow-wrap: anywhere; }
h3 b, nav b { font-size: 0.75em; color: var(--mark); text-transform: uppercase; letter-spacing: 0.04em; }
h4 { margin: 1rem 0 0.25rem; color: var(--quiet); font-weight: 600; }
a { color: inherit; }
main a { color: var(--mark); }
section { border-top: 1px solid var(--line); padding: 1.25rem 0; }
section:target { border-top-color: var(--mark); }
table { width: 100%; border-collapse: collapse; margin: 0.75rem 0; font-size: 0.9rem; }
caption { text-align: left; color: var(--quiet); font-weight: 600; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 1rem 0.3rem 0; border-top: 1px solid var(--line); font-weight: normal; }
th { font-family: ui-monospace, monospace; white-space: nowrap; width: 8rem; }
pre { background: var(--sheet); border: 1px solid var(--line); border-radius: 6px; padding: 0.75rem 1rem; overflow: auto; font-size: 0.85rem; }
@media (max-width: 48rem) { body { display: block; } nav { position: static; height: auto; } main { padding: 1rem; } }
`;

// The last lines of the demo: how to look at the registries with other tools while they are up, or how to keep them up.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DemoReport } from '../../demo/demo-event.ts';
import type { Style } from './style.ts';

export function lookAroundLines({ kept }: DemoReport, style: Style): string[] {
  const transship = commandName();
  if (kept === undefined) {
    return [`Look around: ${transship} demo --keep leaves the registries up.`, `Copy yours:  ${transship} copy --help`];
  }
  const { open, locked, authfile, image } = kept;
  return [
    style('bold', 'The registries stay up until Ctrl-C. Look around:'),
    `  ${transship} inspect ${open}/${image}`,
    `  ${transship} tags --digests ${open}/${image.replace(/:.*/, '')}`,
    `  ${transship} inspect --authfile ${authfile} ${locked}/${image}`,
    `  skopeo inspect --tls-verify=false --override-os linux docker://${open}/${image}`,
    `  skopeo inspect --tls-verify=false --raw --authfile ${authfile} docker://${locked}/${image}`,
    `  crane manifest ${open}/${image}`,
    `  docker pull ${open}/${image}`,
  ];
}

/** In a checkout there is no `transship` on the PATH. */
function commandName(): string {
  if (!import.meta.url.endsWith('.ts')) return 'transship';
  return `node ${relative(process.cwd(), fileURLToPath(new URL('../launcher.js', import.meta.url)))}`;
}

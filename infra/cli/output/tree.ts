// Draws a tree of text lines.
import type { Glyphs } from './bar.ts';

export type TreeNode = { label: string; children: TreeNode[] };

type Branches = { middle: string; last: string; along: string; past: string };

const UNICODE: Branches = { middle: '├─ ', last: '└─ ', along: '│  ', past: '   ' };
const ASCII: Branches = { middle: '|- ', last: '`- ', along: '|  ', past: '   ' };

/** The lines of a tree, its root without indentation. */
export function treeLines(root: TreeNode, glyphs: Glyphs): string[] {
  return [root.label, ...childLines(root.children, '', glyphs.arrow === '→' ? UNICODE : ASCII)];
}

function childLines(children: readonly TreeNode[], indent: string, branches: Branches): string[] {
  return children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    return [
      indent + (isLast ? branches.last : branches.middle) + child.label,
      ...childLines(child.children, indent + (isLast ? branches.past : branches.along), branches),
    ];
  });
}

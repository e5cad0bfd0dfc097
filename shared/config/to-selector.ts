// Label selectors of the file: a map of labels, or the two members that a selector has in Kubernetes.
import type { LabelSelector } from '../cluster/label-selector.ts';
import type { ConfigFile } from './schema/schema.ts';

type SelectorFile = NonNullable<ConfigFile['credentials'][number]['namespaces']['selector']>;

/** A map of labels stands for the selector that asks for them. */
export function toSelector(selector: SelectorFile): LabelSelector {
  return isLabels(selector) ? { matchLabels: selector } : selector;
}

function isLabels(selector: SelectorFile): selector is Record<string, string> {
  return typeof selector.matchLabels !== 'object' && typeof selector.matchExpressions !== 'object';
}

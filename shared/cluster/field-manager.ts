// Who we are to those that share objects with us.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers
import { labelValue } from './label-value.ts';

/** Two instances that make the same object at the same time are two owners to the API server, and the second one is refused. */
export function fieldManagerOf(instance: string): string {
  return instance === 'transship' ? instance : `transship-${labelValue(instance)}`;
}

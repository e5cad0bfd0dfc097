// Keeps requests that come while the server is still starting, and lets them in when it is ready. So a restart makes its clients wait
// a moment instead of refusing them.
import type { IncomingMessage, ServerResponse } from 'node:http';

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export type WaitingRoom = {
  onRequest: Listener;
  /** From now on this one answers, those first who have waited. */
  letIn: (listener: Listener) => void;
};

export function waitingRoom(): WaitingRoom {
  const waiting: Parameters<Listener>[] = [];
  let answers: Listener | undefined;
  return {
    onRequest(incoming, outgoing) {
      if (answers === undefined) waiting.push([incoming, outgoing]);
      else answers(incoming, outgoing);
    },
    letIn(listener) {
      answers = listener;
      for (const [incoming, outgoing] of waiting.splice(0)) listener(incoming, outgoing);
    },
  };
}

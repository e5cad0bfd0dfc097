// The record of every request, in the order of arrival; the status is 0 until a reply was begun, and stays 0 when the connection was cut first.
import type { IncomingHttpHeaders } from 'node:http';

export type RequestEntry = {
  method: string;
  /** Path and query as sent. */
  path: string;
  status: number;
};

/** The longer record, kept only when `recordHeaders` is on. */
export type ExchangeEntry = RequestEntry & {
  headers: IncomingHttpHeaders;
  bytesIn: number;
  bytesOut: number;
};

export type RequestLog = {
  requests: RequestEntry[];
  exchanges: ExchangeEntry[];
  begin: (method: string, path: string, headers: IncomingHttpHeaders) => LogLine;
};

/** Notes what becomes of one request. */
export type LogLine = {
  received: (sizeBytes: number) => void;
  answered: (status: number) => void;
  sent: (sizeBytes: number) => void;
};

export function requestLog(recordHeaders: boolean): RequestLog {
  const requests: RequestEntry[] = [];
  const exchanges: ExchangeEntry[] = [];
  return {
    requests,
    exchanges,
    begin: (method, path, headers) => {
      const entry: RequestEntry = { method, path, status: 0 };
      const exchange: ExchangeEntry = { method, path, status: 0, headers, bytesIn: 0, bytesOut: 0 };
      requests.push(entry);
      if (recordHeaders) exchanges.push(exchange);
      return {
        received: (sizeBytes) => {
          exchange.bytesIn += sizeBytes;
        },
        answered: (status) => {
          entry.status = status;
          exchange.status = status;
        },
        sent: (sizeBytes) => {
          exchange.bytesOut += sizeBytes;
        },
      };
    },
  };
}

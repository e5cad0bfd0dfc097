// What is declared of a route: its checks and its part of the OpenAPI document follow from nothing else.
import type * as z from 'zod';
import type { Scope } from './api-token.ts';

type Answer = {
  description: string;
  /** Of the body; absent: there is none. */
  schema?: z.ZodType;
  /** `application/json` by default. */
  type?: string;
  headers?: z.ZodObject;
};

/** By status. */
export type Answers = Readonly<Record<number, Answer>>;

/** `public`: anybody, `own`: the handler itself decides. */
type Access = Scope | 'public' | 'own';

export type RouteShape<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Headers extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> = {
  method: 'get' | 'post' | 'delete';
  /** Parameters stand in braces. */
  path: `/${string}`;
  access: Access;
  /** Requests do not count against the limit of the client. */
  unmetered?: true;
  tag: string;
  summary: string;
  description?: string;
  params: Params;
  query: Query;
  /** Those that the handler reads, in lower case. */
  headers: Headers;
  body: Body;
  /** When all is well. */
  answers: Answers;
  /** Statuses of errors beside those that follow from the rest. */
  errors?: readonly number[];
};

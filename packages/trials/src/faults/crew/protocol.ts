/**
 * What a row and the processes of its crew say to each other: a line of JSON each. Commands come by standard input, reports
 * go to standard output, where no secret may be; tokens that the server gave go to a pipe of their own.
 */
import type { SourceEvent } from '@tessera/core'
import type { Pace } from './pace.js'

/**
 * Where a process is struck: after its lease is written, the request is sent, the answer has come; before the token is written
 * and after that.
 */
export const POINTS = ['lease', 'sent', 'answered', 'committing', 'committed'] as const

/**
 * Where a process stalls: while the store's answer to its lease is on its way, and after that; before it begins to send, after it
 * has begun, and when the request is sent; while the server has it; when the answer has come; before the token is written, while the
 * store's answer to that is on its way, and after that.
 */
export const STALLS = [
  'leasing',
  'lease',
  'sending',
  'begun',
  'sent',
  'waiting',
  'answered',
  'committing',
  'storing',
  'committed',
] as const

export type Point = (typeof POINTS)[number] | (typeof STALLS)[number]

/** A process whose event loop has no turn for so many ms of real time. */
export interface Busy {
  readonly busy: number
}

/** Where records are. */
export type Place =
  | { readonly _tag: 'File'; readonly folder: string }
  | { readonly _tag: 'Redis'; readonly port: number }

/** A session that a process shares. */
export interface Membership {
  readonly key: string
  readonly place: Place
  /** The base URL of its server. */
  readonly server: string
  readonly client: { readonly id: string; readonly secret?: string }
  /** As in `SourceConfig`, in ms. */
  readonly early: number
  readonly maxStale?: number
  /** By what it sends. Default: undici. */
  readonly http?: 'undici' | 'node'
}

/** Tokens, in the clear. */
export interface Pair {
  readonly key: string
  readonly access: string
  readonly refresh: string
}

/** What a process is started with; it can be seen by anybody on the machine. */
export interface Start {
  readonly pace: Pace
  /** Where the key is kept that all processes prove to have (RFC 9449). Default: bearer tokens. */
  readonly dpop?: string
}

export type Command =
  | ({ readonly do: 'join' } & Membership)
  | { readonly do: 'leave'; readonly key: string }
  /** Goes on asking for a token, and uses it at the API, until the end. */
  | { readonly do: 'ask'; readonly key: string }
  /** Is struck when it next comes to that point, and stays there for so many ms before it is; at "waiting" it is at once. */
  | {
      readonly do: 'strike'
      readonly key: string
      readonly at: Point
      readonly by: 'SIGKILL' | 'SIGSTOP' | Busy
      readonly after: number
    }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'close' }
  | ({ readonly id: number } & Question)

/** What is answered. `timeout` is in ms. */
export type Question =
  | { readonly do: 'login'; readonly key: string; readonly pair: Pair; readonly expiresIn: number }
  | { readonly do: 'get'; readonly key: string; readonly callers: number; readonly timeout: number }
  | { readonly do: 'revoke'; readonly key: string; readonly timeout: number }
  | { readonly do: 'inspect'; readonly key: string }
  | { readonly do: 'settle'; readonly key: string }

/** How calls ended: each outcome, the tag of an error or a word, with its count; and by their hashes, the tokens. */
export interface Answer {
  readonly outcomes: Readonly<Record<string, number>>
  readonly tokens: ReadonlyArray<string>
}

/** Where a process was struck, and the token that it was about to replace. */
export interface Struck {
  readonly key: string
  readonly at: Point
  readonly epoch: number
  readonly generation: number
  readonly recovery: boolean
  /** When others may take over, by the time of the row. */
  readonly until: number
}

/** A process goes on, after so many ms of real time. */
export interface Continued {
  readonly key: string
  readonly stopped: number
  /** When, by the time of the row. */
  readonly now: number
}

export type Report =
  | { readonly tag: 'ready' }
  | { readonly tag: 'event'; readonly event: SourceEvent }
  | ({ readonly tag: 'struck' } & Struck)
  | ({ readonly tag: 'continued' } & Continued)
  /** How a call of those that go on asking ended, where the one before ended otherwise. */
  | { readonly tag: 'outcome'; readonly key: string; readonly outcome: string }
  /** All of the calls have begun. */
  | { readonly tag: 'begun'; readonly id: number }
  | { readonly tag: 'answer'; readonly id: number; readonly answer: Answer }
  /** The longest that a call took beyond its deadline so far, in ms. */
  | { readonly tag: 'overdue'; readonly ms: number }

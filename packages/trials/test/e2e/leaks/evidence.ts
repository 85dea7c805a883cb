/** What came out of a run: values to be put through every sink, and texts that were written anywhere. */
import { AuthError, type SourceEvent } from '@tessera/core'
import { run } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Canary, type Hit, search } from './canary.js'
import { SINK_NAMES, SINKS, type Sink } from './sinks.js'

/** What a value is: where it came from. */
export type Origin =
  | 'error'
  | 'rejection'
  | 'event'
  | 'token'
  | 'source'
  | 'client'
  | 'config'
  | 'env'
  | 'stdout'
  | 'stderr'
  | 'argv'
  | 'terminal'

export interface Leak extends Hit {
  /** What was done. */
  readonly run: string
  readonly origin: Origin
  readonly sink: Sink | 'text'
}

interface Found {
  readonly run: string
  readonly origin: Origin
}

/** Collects what is to be searched. */
export interface Evidence {
  readonly secrets: Canary[]
  readonly values: Array<Found & { readonly value: unknown }>
  readonly texts: Array<Found & { readonly text: string }>
  /** Names what comes next. */
  readonly start: (run: string) => void
  readonly add: (origin: Origin, ...values: ReadonlyArray<unknown>) => void
  readonly write: (origin: Origin, text: string) => void
  readonly observe: (event: SourceEvent) => void
  /** Runs a task twice: as a TaskEither, and over the promise edge. */
  readonly task: <A>(task: TaskEither<AuthError, A>) => Promise<E.Either<AuthError, A>>
  /** Runs what may throw or reject. */
  readonly attempt: (use: () => unknown) => Promise<unknown>
}

export const makeEvidence = (secrets: ReadonlyArray<Canary>): Evidence => {
  const values: Evidence['values'] = []
  const texts: Evidence['texts'] = []
  let current = ''
  const add: Evidence['add'] = (origin, ...given) => {
    for (const value of given) values.push({ run: current, origin, value })
  }
  return {
    secrets: [...secrets],
    values,
    texts,
    start: (run) => {
      current = run
    },
    add,
    write: (origin, text) => void texts.push({ run: current, origin, text }),
    observe: (event) => add('event', event),
    task: async (task) => {
      const result = await task()
      if (E.isRight(result)) add('token', result.right)
      else {
        add('error', result.left)
        await run(async () => result).catch((error: unknown) => add('rejection', error))
      }
      return result
    },
    attempt: async (use) => {
      try {
        return await use()
      } catch (error) {
        add('rejection', error, ...(AuthError.isException(error) ? [error.error] : []))
        return undefined
      }
    },
  }
}

/** What was written in pieces, as one. */
const joined = (texts: Evidence['texts']): Evidence['texts'] => {
  const whole = new Map<string, Evidence['texts'][number]>()
  for (const { run, origin, text } of texts) {
    const key = `${origin} ${run}`
    whole.set(key, { run, origin, text: `${whole.get(key)?.text ?? ''}${text}` })
  }
  return [...whole.values()]
}

/** Every secret in every value at every sink. */
export const leaksIn = ({ secrets, values, texts }: Evidence): ReadonlyArray<Leak> => {
  const find = search(secrets)
  const seen = new Map<string, ReadonlyArray<Hit>>()
  const hitsOf = (text: string): ReadonlyArray<Hit> => {
    const there = seen.get(text) ?? find(text)
    seen.set(text, there)
    return there
  }
  return [
    ...values.flatMap(({ run, origin, value }) =>
      SINK_NAMES.flatMap((sink) => hitsOf(SINKS[sink](value)).map((hit) => ({ run, ...hit, origin, sink }))),
    ),
    ...joined(texts).flatMap(({ run, origin, text }) =>
      hitsOf(text).map((hit) => ({ run, ...hit, origin, sink: 'text' as const })),
    ),
  ]
}

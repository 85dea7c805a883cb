import * as E from 'fp-ts/lib/Either.js'
import { constVoid } from 'fp-ts/lib/function.js'
import * as AuthError from '../AuthError.js'
import type { Secret } from '../Secret.js'
import { type Is, isCallable, isOption, isRecord, isText, shaped } from './shapes.js'

const isAnswer = isOption(
  shaped({
    method: isText,
    url: isText,
    status: Number.isFinite,
    error: isOption(isText),
    description: isOption(isText),
    requestId: isOption(isText),
    date: isOption(Number.isFinite),
    retryAfter: isOption(Number.isFinite),
  }),
)
const isBoolean: Is = (value) => typeof value === 'boolean'

const CAUSES: { readonly [Tag in AuthError.Cause['_tag']]: Readonly<Record<string, Is>> } = {
  NotApplicable: { reason: isText },
  // An answer that must be there is checked as one that may be.
  Rejected: { answer: (value) => isAnswer({ _tag: 'Some', value }) },
  Unreachable: { url: isText, reason: isText },
  OutcomeUnknown: { url: isText, reason: isText, answer: isAnswer, repeatable: isBoolean },
  TimedOut: { waitingFor: isText },
  Aborted: {},
  Malformed: { what: isText, path: isText, expected: isText, answer: isAnswer, repeatable: isBoolean },
  StoreFailed: { operation: isText, reason: isText, pending: isBoolean },
  Closed: {},
  ReauthenticationRequired: { reason: isText, answer: isAnswer },
  Misconfigured: { field: isText, message: isText },
}
const causes: ReadonlyMap<unknown, Is> = new Map(Object.entries(CAUSES).map(([tag, members]) => [tag, shaped(members)]))

const isCause: Is = (value) => isRecord(value) && causes.get(value['_tag'])?.(value) === true

const isAuthError = (value: unknown): value is AuthError.AuthError =>
  isCause(value) ||
  (isRecord(value) &&
    value['_tag'] === 'Exhausted' &&
    Array.isArray(value['causes']) &&
    value['causes'].length > 0 &&
    value['causes'].every(isCause))

export const isEither = (value: unknown): value is E.Either<unknown, unknown> =>
  isRecord(value) && ((value['_tag'] === 'Right' && 'right' in value) || (value['_tag'] === 'Left' && 'left' in value))

/** What code of the application's answered: a Left that is no error of ours is kept as what it threw. */
export const soundly = <A>(
  answer: E.Either<unknown, A>,
  wrong: () => AuthError.AuthError,
  secrets: () => ReadonlyArray<Secret>,
): E.Either<AuthError.AuthError, A> => {
  if (E.isRight(answer)) return answer
  const { left } = answer
  return E.left(isAuthError(left) ? left : AuthError.fromThrown(left, wrong, secrets()))
}

/** A promise where none was due: nobody waits for it, and its rejection would end the process. */
export const unawaited = (value: unknown): void => {
  Promise.resolve(value).catch(constVoid)
}

/** Calls what code of the application's answered, which should be a function. */
export const called = <A, B>(code: (given: A) => B, given: A): B => {
  if (isCallable(code)) return code(given)
  unawaited(code)
  throw new TypeError('it is no function')
}

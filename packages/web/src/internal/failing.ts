import { AuthError } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Revocable } from '../WebSession.js'
import { page } from './answers.js'
import type { Context } from './context.js'

/** Answers a login that failed. */
export type Failing = (error: AuthError, request: Request) => Promise<Response>

const wasDenied = (error: AuthError): boolean => {
  const answer = AuthError.answer(error)
  return O.isSome(answer) && O.isSome(answer.value.error) && answer.value.error.value === 'access_denied'
}

/** What a person can do about it is the same each time. What happened is for the log. */
const said = (error: AuthError): readonly [status: number, title: string] => {
  if (wasDenied(error)) return [403, 'The login was refused']
  if (error._tag === 'Misconfigured' || error._tag === 'Closed') return [500, 'The login does not work at the moment']
  if (error._tag === 'StoreFailed' || AuthError.isRetryable(error))
    return [503, 'The login does not work at the moment']
  return [400, 'The login did not succeed']
}

export const failingOf =
  <C extends Revocable>({ options: { failed }, place: { paths }, tell }: Context<C>): Failing =>
  async (error, request) => {
    tell({ _tag: 'Failed', error })
    return failed === undefined
      ? page(...said(error), { name: 'Log in again', path: paths.login })
      : failed(error, request)
  }

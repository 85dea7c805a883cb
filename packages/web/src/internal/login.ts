import { type AuthError, alphanumeric, minutes } from '@tessera/core'
import { beginLogin, openTransaction, sealTransaction, type Transaction } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Handler, Revocable } from '../WebSession.js'
import { redirect } from './answers.js'
import type { Context } from './context.js'
import type { Failing } from './failing.js'
import { returnAddress } from './place.js'

/** How long a person may take at the provider. */
const PATIENCE = minutes(10)
/** Logins that one browser has begun and not ended. More would not fit the headers that servers take. */
const MOST = 3

/** A login under way, as a cookie holds it: the transaction, and where it leads to. */
export interface Pending {
  readonly transaction: Transaction
  readonly to: string
}

/** The id of a login is the beginning of its state, and the end of its cookie's name. */
export const idOf = (state: string | null): string => /^([A-Za-z0-9]{8})\./.exec(state ?? '')?.[1] ?? ''

export const openPending = <C extends Revocable>({
  options: { cipher, env },
  sealing,
}: Context<C>): ((id: string, cookie: string | undefined) => E.Either<AuthError, Pending>) => {
  const open = openTransaction({ cipher, maxAge: PATIENCE })
  return (id, cookie) => {
    const [transaction, to = ''] = (cookie ?? '').split(':')
    return pipe(
      open(transaction)(env)(),
      E.bindTo('transaction'),
      E.bind('to', () => sealing.openReturn(id, to)),
    )
  }
}

export const loginOf = <C extends Revocable>(context: Context<C>, failing: Failing): Handler => {
  const { options, place, cookies, sealing } = context
  const { env, client, redirectUri, scope, offline, extra } = options
  const seal = sealTransaction(options)
  const open = openPending(context)

  /** Those that are too many, the oldest first. One that does not open is older than all. */
  const surplus = (request: Request): ReadonlyArray<string> => {
    const prefix = cookies.login('')
    const begun = [...cookies.read(request)]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => {
        const pending = open(name.slice(prefix.length), value)
        return { name, at: E.isRight(pending) ? pending.right.transaction.beganAt : 0 }
      })
      .sort((a, b) => a.at - b.at)
    return begun.slice(0, Math.max(begun.length - MOST + 1, 0)).map(({ name }) => name)
  }

  return async (request) => {
    const id = alphanumeric(8)(env.random)()
    const begun = await beginLogin({ client, redirectUri, scope, offline, extra, statePrefix: `${id}.` })(env)()
    if (E.isLeft(begun)) return failing(begun.left, request)
    const to = returnAddress(place, new URL(request.url).searchParams.get('return_to'))
    const cookie = `${seal(begun.right)()}:${sealing.sealReturn(id, to)()}`
    return redirect(begun.right.url, [
      cookies.set(cookies.login(id), cookie, PATIENCE),
      ...surplus(request).map(cookies.clear),
    ])
  }
}

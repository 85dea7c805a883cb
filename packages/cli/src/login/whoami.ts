/**
 * Who logged in, where the server tells.
 */
import { plus, seconds, type TokenSet } from '@tessera/core'
import { authenticatedFetch } from '@tessera/node'
import { type Callback, idTokenClaims, userinfo } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as T from 'fp-ts/lib/Task.js'
import * as t from 'io-ts'
import { openFetch } from '../environment.js'
import { within } from '../patience.js'
import { printable } from '../printable.js'
import { addressOf } from '../provider.js'
import type { Session } from '../session.js'

const PATIENCE = seconds(5)
const LONGEST = 200

const Me = t.partial({ id: t.string, name: t.string, login: t.string })

/**
 * A name and what identifies its bearer, as people write a name and an address together. Anybody may give himself any name: without
 * an identifier it says nothing. A server's words must not steer the terminal, nor look like an identifier.
 */
export const nameOf = (name: string | undefined, identifier: string | undefined): O.Option<string> => {
  const [first = '', second = ''] = [name, identifier].map((text) =>
    printable(text ?? '')
      .replaceAll(/[<>]/g, '')
      .trim()
      .slice(0, LONGEST),
  )
  if (second === '') return O.none
  return O.some(first === '' || first === second ? second : `${first} <${second}>`)
}

/** Box tells at its API. That it does not answer is no reason to say that a login failed. */
const meOfBox =
  ({ profile: { provider }, source, env }: Session): Task<O.Option<string>> =>
  async () => {
    const base = addressOf(provider)
    const tokens = source.within({ deadline: plus(env.clock.now(), PATIENCE) })
    const fetch = authenticatedFetch({
      tokens,
      origins: [new URL(base).origin],
      allowHttp: provider.allowHttp,
      fetch: openFetch(),
    })
    try {
      const me = await within(PATIENCE, async (signal): Promise<unknown> => {
        const answer = await fetch(`${base}/2.0/users/me?fields=name,login`, { signal })
        return answer.ok ? answer.json() : undefined
      })
      return Me.is(me) ? nameOf(me.name, me.login ?? me.id) : O.none
    } catch {
      return O.none
    }
  }

const textOf = (claim: unknown): string | undefined => (typeof claim === 'string' ? claim : undefined)

/** Another server tells by the ID token that came with the login. */
const byIdToken = ({ client, env }: Session, token: TokenSet, nonce: Callback['nonce']): O.Option<string> =>
  pipe(
    idTokenClaims({ client, nonce })(token)(env)(),
    O.fromEither,
    O.flatMap(({ sub, name, email, preferred_username: username }) => {
      const called = textOf(name) ?? textOf(username)
      return pipe(
        nameOf(called, textOf(email)),
        O.alt(() => nameOf(called, sub)),
      )
    }),
  )

/** A server without ID tokens tells at the address that its preset has. */
const byUserinfo =
  ({ client, env, source }: Session): Task<O.Option<string>> =>
  async () => {
    const token = await source.within({ deadline: plus(env.clock.now(), PATIENCE) }).get()
    if (E.isLeft(token)) return O.none
    const person = await userinfo({ client, timeout: PATIENCE })(token.right)(env)()
    return E.isRight(person) ? nameOf(O.toUndefined(person.right.name), person.right.id) : O.none
  }

const ofOther = (session: Session, token: TokenSet, nonce: Callback['nonce']): Task<O.Option<string>> => {
  const told = byIdToken(session, token, nonce)
  return O.isSome(told) || O.isNone(session.client.server.userinfoEndpoint) ? T.of(told) : byUserinfo(session)
}

/** Who logged in, by what came with the login or by what it opens. The nonce is that of a login in the browser. */
export const whoami = (session: Session, token: TokenSet, nonce: Callback['nonce']): Task<O.Option<string>> =>
  session.profile.provider._tag === 'Box' ? meOfBox(session) : ofOther(session, token, nonce)

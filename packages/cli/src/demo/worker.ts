/**
 * A process of the tour's own that shares a session with others. It is told what to do by its parent, and ends with it.
 */
import * as Box from '@tessera/box'
import { AuthError, Secret, TokenSource } from '@tessera/core'
import { nodeEnv, run } from '@tessera/node'
import { refreshToken } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { openSessions } from '../sessionStore.js'
import { parseStore } from '../storePlace.js'
import { watched } from './canaries.js'
import { type Answer, fingerprint, type News, Request, type Sharing } from './messages.js'
import { makeTravel } from './travel.js'

const send = (message: Answer | News): void => {
  process.send?.(message)
}

/** Tells of secrets instead of keeping them. */
const teller = {
  remember: (...secrets: ReadonlyArray<string>) => send({ secrets: [...secrets] }),
  size: () => 0,
  foundIn: () => 0,
}

const must = <E, A>(what: string, result: E.Either<E, A>): A => {
  if (E.isRight(result)) return result.right
  throw new Error(what)
}

const share = async ({ server, clientId, clientSecret, store, variables, key, moved }: Sharing) => {
  const { clock, travel, along } = makeTravel(() => undefined, moved)
  const opening = { variables, shared: {}, signal: new AbortController().signal, self: 'tessera' }
  const place = must('the store has no place', parseStore(store, '/'))
  const sessions = must('the store does not open', await openSessions(opening, place, '')())
  const client = Box.client({
    id: clientId,
    secret: Secret.make('ClientSecret', clientSecret),
    server: Box.serverAt(server),
  })
  const live = nodeEnv({ userAgent: 'tessera-demo', clock })
  const source = pipe(
    refreshToken({ client }),
    TokenSource.make({
      store: along(sessions.store),
      key,
      observe: (event) => {
        if (event._tag === 'LoginRequired') send({ lost: true })
      },
    }),
  )({ ...live, http: watched(live.http, teller, client.server.tokenEndpoint).http })()
  return {
    get: async () => fingerprint(await run(source.get)),
    travel: async (ms: number) => travel(ms),
    close: async () => {
      await run(source.close({ revoke: false }))
      await live.close()
      await sessions.close()
    },
  }
}

type Shared = Awaited<ReturnType<typeof share>>

/** Does what is asked, one after the other. */
const serve = (): void => {
  let shared: Shared | undefined
  const done = async (request: Request): Promise<string> => {
    if (request.ask === 'share') {
      shared = await share(request.sharing)
      return ''
    }
    if (shared === undefined) throw new Error('nothing is shared')
    if (request.ask === 'get') return shared.get()
    await (request.ask === 'travel' ? shared.travel(request.ms) : shared.close())
    return ''
  }
  const reason = (error: unknown): string =>
    AuthError.isException(error)
      ? AuthError.show.show(error.error)
      : error instanceof Error
        ? `${error.name}: ${error.message}`
        : 'it failed'
  process.on('message', (message) => {
    if (!Request.is(message)) return
    const { id } = message
    done(message).then(
      (value) => send({ id, value }),
      (error: unknown) => send({ id, error: reason(error) }),
    )
  })
  process.once('disconnect', () => process.exit())
}

serve()

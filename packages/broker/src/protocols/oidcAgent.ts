/**
 * The request for an access token of oidc-agent, as JSON over a socket, which `OIDC_SOCK` names. Requests that are encrypted, by a key
 * exchange of libsodium's, are not spoken: the socket is in a folder of its user's own.
 *
 * @packageDocumentation
 */
import { createServer, type Server, type Socket } from 'node:net'
import { Secret, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { Broker, Given } from '../Broker.js'
import { parsed } from '../Incoming.js'
import { type Refusal, refusal } from '../Refusal.js'
import { lifetimeOf } from '../routes.js'
import { askerOf } from '../Tally.js'

/** Longer than any request, in characters. */
const LONGEST = 16_384
const MOST_CONNECTIONS = 128

const AgentRequest = t.intersection([
  t.type({ request: t.string }),
  t.partial({
    account: t.string,
    issuer: t.string,
    min_valid_period: t.number,
    application_hint: t.string,
    scope: t.string,
    audience: t.string,
  }),
])
type AgentRequest = t.TypeOf<typeof AgentRequest>

const wrong = (description: string): Refusal => refusal('invalid_request', description)

/** Only what the session may do anyway: a token of another scope or audience would be another one. */
const fits =
  ({ scope = '', audience = '' }: AgentRequest) =>
  (given: Given): E.Either<Refusal, Given> => {
    const asked = scope.split(' ').filter((each) => each !== '')
    return audience === '' && asked.every((each) => given.token.scope.includes(each))
      ? E.right(given)
      : E.left(wrong('a scope or an audience can be asked for in the profile only'))
  }

const profileOf = (
  { sessions }: Broker,
  { account, issuer }: AgentRequest,
): TE.TaskEither<Refusal, O.Option<string>> => {
  if (account !== undefined || issuer === undefined) return TE.right(O.fromNullable(account))
  return pipe(
    TE.fromTask(sessions.ofIssuer?.(issuer) ?? (async () => O.none)),
    TE.flatMap(
      O.match(
        () => TE.left(refusal('unknown_profile', 'there is no profile of this issuer')),
        (name) => TE.right(O.some(name)),
      ),
    ),
  )
}

const given = (broker: Broker, request: AgentRequest, signal: AbortSignal): TE.TaskEither<Refusal, Given> =>
  request.request === 'access_token'
    ? pipe(
        TE.fromEither(lifetimeOf('min_valid_period', Math.max(0, request.min_valid_period ?? 0))),
        TE.bindTo('minValid'),
        TE.bind('profile', () => profileOf(broker, request)),
        TE.flatMap(({ minValid, profile }) =>
          broker.give({
            profile,
            minValid: seconds(minValid),
            asker: askerOf(request.application_hint ?? 'oidc-agent client'),
            signal,
          }),
        ),
        TE.flatMapEither(fits(request)),
      )
    : TE.left(wrong('of the requests of oidc-agent, access_token is answered'))

const success = ({ token, issuer }: Given) => ({
  status: 'success',
  access_token: Secret.open(token.accessToken),
  issuer: issuer ?? '',
  expires_at: O.isSome(token.expiresAt) ? Math.floor(token.expiresAt.value / 1_000) : 0,
})

const failure = ({ description, next }: Refusal) => ({
  status: 'failure',
  error: description,
  ...(next !== undefined && { info: next }),
})

/** Answers one request, and ends the connection, as an agent does. Says when it was asked. */
const converse = (broker: Broker, socket: Socket, asked: IO<void>): void => {
  const gone = new AbortController()
  let text = ''
  let isAsked = false
  const say = (answer: object): void => {
    isAsked = true
    asked()
    socket.end(JSON.stringify(answer))
  }
  socket
    .setEncoding('utf8')
    .setTimeout(seconds(60), () => socket.destroy())
    .on('error', () => undefined)
    .on('close', () => gone.abort(null))
    .on('data', (chunk: string) => {
      if (isAsked) return
      text += chunk
      if (text.length > LONGEST) return say(failure(wrong('the request is too long')))
      const request = parsed(text)
      if (request === undefined) return text.startsWith('{') ? undefined : say(failure(wrong('the request is no JSON')))
      if (!AgentRequest.is(request)) return say(failure(wrong('the request is none of oidc-agent')))
      isAsked = true
      asked()
      void pipe(given(broker, request, gone.signal), TE.matchW(failure, success))().then(say, () => socket.destroy())
    })
}

/** A server that listens nowhere yet, and its end. */
export interface AgentServer {
  readonly server: Server
  /** Answers what is under way, for 15 s at most. */
  readonly end: Task<void>
}

/** How long an answer that is under way at the end may take, to be read too. */
const LAST = seconds(15)

/** A server of oidc-agent's request over a broker. An account is the profile of its name. */
export const agentServer = (broker: Broker): AgentServer => {
  const silent = new Set<Socket>()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    silent.add(socket)
    sockets.add(socket)
    socket.once('close', () => {
      silent.delete(socket)
      sockets.delete(socket)
    })
    converse(broker, socket, () => {
      silent.delete(socket)
    })
  })
  server.maxConnections = MOST_CONNECTIONS
  return {
    server,
    // Each connection ends with its answer, and that of who has asked nothing yet now.
    end: async () => {
      const over = new AbortController()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      void closed.then(() => over.abort(null))
      for (const socket of silent) socket.destroy()
      await broker.clock.sleep(LAST, over.signal)()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

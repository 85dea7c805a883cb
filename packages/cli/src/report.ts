/**
 * What a person is told of a failure, in three parts: what failed, what the server said, what to do next.
 */
import { AuthError, type ServerAnswer } from '@tessera/core'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { ExitCode } from './exitCode.js'
import { isRedisError, redisAdvice, type Advice as StoreAdvice } from './redisAdvice.js'
import { isSqlError, sqlAdvice } from './sqlAdvice.js'

/** What a server said: an answer of HTTP, or an error of Redis or of a database, which has no status. */
export interface Said {
  readonly status: O.Option<number>
  readonly error: O.Option<string>
  readonly description: O.Option<string>
  readonly requestId: O.Option<string>
}

/** A failure as it is shown. No member holds a secret. */
export interface Problem {
  readonly exit: ExitCode
  readonly what: string
  readonly server: O.Option<Said>
  readonly likely: O.Option<string>
  readonly next: string
}

/** Where sessions are kept. */
export interface StoreSituation {
  readonly kind: 'file' | 'redis' | 'sql'
  /** The folder, or the URL without its password. */
  readonly place: string
  /** The key that seals them: the file that holds it, or the variable. */
  readonly key: string
  /** The command that lists them. */
  readonly list: string
  /** The command that makes the table of a database. */
  readonly migrate: string
}

/** What the same error means differs by what was done. */
export interface Situation {
  /** Who is asked: `Box`, or the host of another server. */
  readonly server: string
  /** Whether it is Box, or speaks like it: its consoles are known. */
  readonly isBox: boolean
  /** What the server judges: `the assertion`, `the refresh token`, … */
  readonly presented: string
  /** The command, to be run again. */
  readonly again: string
  /** The command that logs in. */
  readonly login: string
  /** The settings file. */
  readonly config: string
  readonly store: StoreSituation
  /** The server that `--base-url` names. */
  readonly baseUrl: O.Option<string>
  readonly clientId: O.Option<string>
  readonly keyId: O.Option<string>
}

/** A problem from its parts. */
export const problem = (exit: ExitCode, what: string, next: string, likely?: string): Problem => ({
  exit,
  what,
  server: O.none,
  likely: O.fromNullable(likely),
  next,
})

type Advice = Pick<Problem, 'next'> & { readonly likely?: string }

const CONSOLE = 'Developer Console → Configuration'

const quoted = (text: O.Option<string>): string =>
  pipe(
    text,
    O.match(
      () => '',
      (value) => ` "${value}"`,
    ),
  )

const onGrant = (description: string, situation: Situation): Advice => {
  const { again, login, clientId, keyId, isBox } = situation
  if (!isBox) return { likely: 'it has expired, was used before, or is of another client', next: login }
  if (/\bkid\b/.test(description)) {
    return {
      likely: `the public key${quoted(keyId)} is not registered for client${quoted(clientId)}, or was deleted`,
      next: `check ${CONSOLE} → Add and Manage Public Keys, then: ${again}`,
    }
  }
  if (/\bexp\b/.test(description)) {
    return {
      likely: 'the clock of this machine, or of the server, is wrong',
      next: `set the clock, then: ${again}`,
    }
  }
  if (/\b(sub|box_sub_type)\b/.test(description)) {
    return {
      likely: 'the user or enterprise does not exist, or has not authorized the application',
      next: `authorize it in Admin Console → Apps → Custom Apps Manager, then: ${again}`,
    }
  }
  return {
    likely: 'the application is not authorized in the enterprise, or its settings have changed',
    next: `check ${CONSOLE}, and Admin Console → Apps → Custom Apps Manager, then: ${again}`,
  }
}

const onRejected = ({ status, error, description, retryAfter }: ServerAnswer, situation: Situation): Advice => {
  const { again, login, clientId, server, isBox } = situation
  if (status === 429 || status === 503) {
    const wait = pipe(
      retryAfter,
      O.match(
        () => 'a while',
        (ms) => `${Math.ceil(ms / 1_000)} s`,
      ),
    )
    return { likely: 'too many requests', next: `wait ${wait}, then: ${again}` }
  }
  switch (O.toUndefined(error)) {
    case 'invalid_client':
    case 'unauthorized_client':
      return {
        likely: `the client id${quoted(clientId)} or its secret is wrong, or this way to log in is switched off`,
        next: isBox
          ? `check ${CONSOLE}, then: ${again}`
          : `see how the client is registered at ${server}; its secret, if it has one, is saved by: tessera profile add NAME --update --secret-stdin; then: ${again}`,
      }
    case 'invalid_grant':
      return onGrant(O.getOrElse(() => '')(description), situation)
    case 'access_denied':
      return { likely: 'the person declined', next: `to ask again: ${login}` }
    case 'expired_token':
    case 'authorization_pending':
      return { likely: 'nobody approved in time', next: `to try again: ${login}` }
    case 'invalid_scope':
      return { likely: 'the application, or the token, may not do that', next: `name other scopes: ${again}` }
    case 'invalid_target':
      return { likely: 'the item does not exist, or the token may not see it', next: `name another item: ${again}` }
    default:
      return { next: `try again: ${again}` }
  }
}

/** Takes the command that mends it out of what a store says. */
export const mendedBy = (reason: string): { readonly why: string; readonly command: string | undefined } => {
  const [, why = reason, command] = /^(.*?)[.;:,] mend it by: (.+)$/is.exec(reason) ?? []
  return { why, command }
}

const serverProblem = (
  what: string,
  reason: string,
  isItsWord: boolean,
  place: string,
  { likely, next }: StoreAdvice,
  again: string,
): Problem => ({
  exit: ExitCode.store,
  what: isItsWord ? `${what} ${place}` : `${what} ${place}: ${reason}`,
  server: isItsWord
    ? O.some({ status: O.none, error: O.some(reason), description: O.none, requestId: O.none })
    : O.none,
  likely: O.fromNullable(likely),
  next: `${next}, then: ${again}`,
})

/** A failure of Redis. */
export const redisProblem = (what: string, reason: string, place: string, again: string): Problem =>
  serverProblem(what, reason, isRedisError(reason), place, redisAdvice(reason), again)

/** A failure of a database. */
export const sqlProblem = (what: string, reason: string, { place, migrate }: StoreSituation, again: string): Problem =>
  serverProblem(what, reason, isSqlError(reason), place, sqlAdvice(reason, migrate), again)

type Cause = ReturnType<typeof AuthError.causes>[number]
type StoreFailed = Extract<Cause, { readonly _tag: 'StoreFailed' }>

const undecodable = (reason: string, { store, again }: Situation): Problem => {
  const what = `the session could not be read: ${reason}`
  if (store.kind === 'file') {
    const next = `use the key and the version that wrote it; or delete its file in ${store.place}, which ends it, then: ${again}`
    return problem(ExitCode.store, what, next)
  }
  const end = `or end the session by deleting it: ${store.list}`
  return /\bkey\b/.test(reason)
    ? problem(
        ExitCode.store,
        what,
        `give all machines that share the store the same TESSERA_KEY, with the key that wrote this; ${end}`,
        `another machine wrote it, with a key of its own: this one's is in ${store.key}; or a program, with a namespace other than encrypted(cipher, { namespace: 'tessera' })`,
      )
    : problem(ExitCode.store, what, `use the version that wrote it; ${end}`)
}

const storeFailed = ({ operation, reason }: StoreFailed, situation: Situation): Problem => {
  const { store, again } = situation
  const { why, command } = mendedBy(reason)
  if (operation === 'decode') return undecodable(why, situation)
  const what = `the session could not be ${operation === 'compareAndSet' ? 'saved' : 'read'}`
  const direction = `${what} ${operation === 'get' ? 'from' : 'to'}`
  if (store.kind === 'redis') return redisProblem(direction, why, store.place, again)
  if (store.kind === 'sql') return sqlProblem(direction, why, store, again)
  const next = command ?? `see that ${store.place} can be written and is not full`
  return problem(ExitCode.store, `${what}: ${why}`, `${next}, then: ${again}`)
}

type Misconfigured = Extract<Cause, { readonly _tag: 'Misconfigured' }>

/** What is wrong is an option where one was given, and else in the settings. */
const misconfigured = ({ field, message }: Misconfigured, { again, config, baseUrl }: Situation): Problem => {
  if (field === 'port') {
    const next = 'end the program that listens there, or name another port with --port'
    return problem(ExitCode.configuration, `--port cannot be taken: ${message}`, `${next}, then: ${again}`)
  }
  if (O.isSome(baseUrl) && /endpoint|issuer/i.test(field)) {
    const next = `correct --base-url, or list its origin under tessera.allowHttp in ${config} if the network is your own`
    return problem(ExitCode.configuration, `--base-url cannot be taken: ${message}`, next)
  }
  const what = message.startsWith('missing') ? 'the settings are not complete' : 'the settings are wrong'
  return problem(ExitCode.configuration, `${what}: ${field}: ${message}`, `correct ${config}, then: ${again}`)
}

const fromCause = (error: Cause, situation: Situation): Problem => {
  const { server, presented, again, login, config } = situation
  switch (error._tag) {
    case 'Rejected': {
      const { likely, next } = onRejected(error.answer, situation)
      return problem(ExitCode.refused, `${server} refused ${presented}`, next, likely)
    }
    case 'ReauthenticationRequired':
      return problem(
        ExitCode.login,
        error.reason === 'nothing to redeem'
          ? 'nobody is logged in'
          : error.reason === 'revoked'
            ? 'the session was revoked'
            : `${server} does not take the session any more`,
        login,
      )
    case 'Misconfigured':
      return misconfigured(error, situation)
    case 'NotApplicable':
      return problem(ExitCode.configuration, `there is no way to a token: ${error.reason}`, `correct ${config}`)
    case 'Malformed':
      return error.what === 'settings'
        ? problem(
            ExitCode.configuration,
            `the settings are wrong: ${error.path} is not ${error.expected}`,
            `correct ${config}, then: ${again}`,
          )
        : problem(
            ExitCode.refused,
            `${server} answered what cannot be read: ${error.what}: ${error.path} is not ${error.expected}`,
            `see that the address is right, then: ${again}`,
          )
    case 'Unreachable':
      return problem(
        ExitCode.unreachable,
        `${server} cannot be reached: ${error.reason}`,
        `see that the network and the address are right, then: ${again}`,
      )
    case 'OutcomeUnknown':
      return O.isSome(error.answer)
        ? problem(ExitCode.refused, `${server} failed over ${presented}`, `try again later: ${again}`)
        : problem(ExitCode.unreachable, `${server} gave no answer: ${error.reason}`, `try again: ${again}`)
    case 'TimedOut':
      return problem(ExitCode.unreachable, `timed out waiting for ${error.waitingFor}`, `try again: ${again}`)
    case 'Aborted':
      return problem(ExitCode.interrupted, 'interrupted', again)
    case 'StoreFailed':
      return storeFailed(error, situation)
    case 'Closed':
      return problem(ExitCode.unexpected, 'the session was closed', again)
  }
}

const toSaid = ({ status, ...words }: ServerAnswer): Said => ({ ...words, status: O.some(status) })

/** The problem that an error is. Of several causes, the last is the one to act on, and the others are named. */
export const toProblem =
  (situation: Situation) =>
  (error: AuthError): Problem => {
    const causes = AuthError.causes(error)
    const last = causes[causes.length - 1] ?? causes[0]
    const others = causes.slice(0, -1).map(AuthError.show.show)
    const from = fromCause(last, situation)
    return {
      ...from,
      what: others.length === 0 ? from.what : `${from.what} (before that: ${others.join('; ')})`,
      server: pipe(
        AuthError.answer(error),
        O.match(() => from.server, flow(toSaid, O.some)),
      ),
    }
  }

const said = ({ status, error, description, requestId }: Said): string => {
  const words = [error, description].flatMap((text) => (O.isSome(text) ? [text.value] : [])).join(': ')
  return [
    ...(O.isSome(status) ? [String(status.value)] : []),
    ...(words === '' ? [] : [words]),
    ...(O.isSome(requestId) ? [` (request id ${requestId.value})`] : []),
  ].join(' ')
}

const line = (label: string, text: string): string => `  ${label.padEnd(9)}${text}`

/** The three parts, one a line. */
export const lines = ({ what, server, likely, next }: Problem): ReadonlyArray<string> => [
  `tessera: ${what}.`,
  ...(O.isSome(server) ? [line('server', said(server.value))] : []),
  ...(O.isSome(likely) ? [line('likely', likely.value)] : []),
  line('next', next),
]

/** The same as an object, for `--json`. */
export const toJson = ({ exit, what, server, likely, next }: Problem) => ({
  error: {
    exit,
    what,
    server: pipe(
      server,
      O.map(({ status, error, description, requestId: id }) => ({
        status: O.toNullable(status),
        error: O.toNullable(error),
        description: O.toNullable(description),
        request_id: O.toNullable(id),
      })),
      O.toNullable,
    ),
    likely: O.toNullable(likely),
    next,
  },
})

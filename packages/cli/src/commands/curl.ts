/**
 * A request with the profile's token.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { addAbortSignal, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { AuthError, seconds } from '@tessera/core'
import { authenticatedFetch } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { openFetch } from '../environment.js'
import { ExitCode } from '../exitCode.js'
import { type Command, commandLine, type Invocation, SECONDS } from '../invocation.js'
import { within } from '../patience.js'
import { printable } from '../printable.js'
import { type Profile, usage } from '../profile.js'
import { originsOf } from '../provider.js'
import { isSecure, reachOf } from '../reach.js'
import { type Problem, problem } from '../report.js'
import { type Session, withSession } from '../session.js'

export interface CurlOptions {
  readonly url: string
  readonly request?: string
  readonly header: ReadonlyArray<string>
  readonly data: ReadonlyArray<string>
  readonly include: boolean
  /** Redirects are followed. */
  readonly location: boolean
  readonly output?: string
}

interface Prepared {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer> | undefined
  /** Where the answer goes; standard output without one. */
  readonly file: FileHandle | undefined
}

// -----------------------------------------------------------------------------
// the request
// -----------------------------------------------------------------------------

const FORM = 'application/x-www-form-urlencoded'

const headersOf = (invocation: Invocation, { header }: CurlOptions): E.Either<Problem, Headers> =>
  pipe(
    E.tryCatch(
      () => {
        const headers = new Headers()
        for (const line of header) {
          const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/s.exec(line) ?? []
          headers.append(name, value)
        }
        if (!headers.has('accept')) headers.set('accept', '*/*')
        return headers
      },
      // What was thrown quotes the header, which may be a secret.
      () => usage('a header is not "NAME: VALUE"', invocation),
    ),
    E.filterOrElse(
      (headers) => !headers.has('authorization'),
      () => usage("the token is the profile's: leave out authorization", invocation),
    ),
  )

/** The method: what `fetch` takes, and one with a body where there is one. */
const methodOf = (invocation: Invocation, { request, data }: CurlOptions): E.Either<Problem, string> => {
  const method = (request ?? (data.length === 0 ? 'GET' : 'POST')).toUpperCase()
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(method) || ['CONNECT', 'TRACE', 'TRACK'].includes(method))
    return E.left(usage('--request is not a method that can be sent', invocation))
  return data.length > 0 && ['GET', 'HEAD'].includes(method)
    ? E.left(usage(`${method} has no body: leave out --data, or name another method`, invocation))
    : E.right(method)
}

/** A text, `@FILE`, or `@-` for standard input. */
const dataOf = async (text: string, signal: AbortSignal): Promise<Buffer> => {
  if (!text.startsWith('@')) return Buffer.from(text)
  return text === '@-' ? buffer(addAbortSignal(signal, process.stdin)) : readFile(text.slice(1), { signal })
}

/** Whoever writes to standard input may take any time; Ctrl-C ends it. */
const bodyOf = (
  invocation: Invocation,
  { problem: told }: Session,
  { data }: CurlOptions,
): TE.TaskEither<Problem, Prepared['body']> =>
  data.length === 0
    ? TE.right(undefined)
    : TE.tryCatch(
        async () => {
          const parts = await Promise.all(data.map((text) => dataOf(text, invocation.signal)))
          return Uint8Array.from(
            Buffer.concat(parts.flatMap((part, at) => (at === 0 ? [part] : [Buffer.from('&'), part]))),
          )
        },
        () =>
          invocation.signal.aborted ? told(AuthError.aborted) : usage('the file of --data cannot be read', invocation),
      )

/** Where the body goes, unless that is standard output. It is there before anything is sent, and as it was until an answer comes. */
const fileOf = (invocation: Invocation, { output }: CurlOptions): TE.TaskEither<Problem, Prepared['file']> =>
  output === undefined || output === '-'
    ? TE.right(undefined)
    : TE.tryCatch(
        () => open(output, constants.O_WRONLY | constants.O_CREAT),
        (error) => usage(`the file of --output cannot be written: ${reasonOf(error)}`, invocation),
      )

const prepared = (invocation: Invocation, session: Session, options: CurlOptions): TE.TaskEither<Problem, Prepared> =>
  pipe(
    TE.Do,
    TE.apSW('url', TE.fromEither(allowed(invocation, session, options))),
    TE.apSW('headers', TE.fromEither(headersOf(invocation, options))),
    TE.apSW('method', TE.fromEither(methodOf(invocation, options))),
    TE.bind('body', () => bodyOf(invocation, session, options)),
    TE.bind('file', () => fileOf(invocation, options)),
    TE.map((request) => {
      const { headers, body } = request
      if (body !== undefined && !headers.has('content-type')) headers.set('content-type', FORM)
      return request
    }),
  )

/** What lets a profile send its token to one more origin. */
const listing = (
  { self, shared }: Invocation,
  { name, file, provider }: Profile,
  member: 'origins' | 'allowHttp',
  origin: string,
): string => {
  const option = member === 'origins' ? '--origin' : '--allow-http'
  return shared.config === undefined
    ? `${self} profile add ${name} --update ${[...provider[member], origin].map((each) => `${option} ${each}`).join(' ')}`
    : `add it to the member "${provider._tag === 'Box' ? 'tessera.' : ''}${member}" of ${file}`
}

/** Only the profile's origins get its token. */
const allowed = (invocation: Invocation, { profile }: Session, { url: text }: CurlOptions): E.Either<Problem, URL> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return E.left(usage('the URL is not of http or https', invocation))
  if (url.username !== '' || url.password !== '')
    return E.left(usage('the URL has a user name or a password in it', invocation))
  const { origin } = url
  const origins = originsOf(profile.provider)
  if (!origins.includes(origin)) {
    return E.left(
      problem(
        ExitCode.configuration,
        `${origin} is not an origin of profile ${profile.name}, and gets no token of it`,
        `if it may have the token: ${listing(invocation, profile, 'origins', origin)}`,
        `its origins are ${origins.join(', ')}`,
      ),
    )
  }
  return isSecure(origin, profile.provider)
    ? E.right(url)
    : E.left(
        problem(
          ExitCode.configuration,
          `${origin} is http, which shows the token to whoever is on the way`,
          `use https; or, if the network is your own: ${listing(invocation, profile, 'allowHttp', origin)}`,
        ),
      )
}

// -----------------------------------------------------------------------------
// the answer
// -----------------------------------------------------------------------------

const head = ({ status, statusText, headers }: Response): string =>
  `${[`HTTP ${status} ${statusText}`.trim(), ...[...headers].map((pair) => pair.join(': '))].map(printable).join('\n')}\n\n`

const isRedirect = ({ status, headers }: Response): boolean => status >= 300 && status < 400 && headers.has('location')

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error && 'code' in cause
    ? String(cause.code)
    : cause instanceof Error
      ? cause.name
      : 'unknown'
}

/** Only a file, and no pipe or device, has something that was there before. */
const emptied = async (file: FileHandle): Promise<FileHandle> => {
  if ((await file.stat()).isFile()) await file.truncate()
  return file
}

const write = async (answer: Response, file: Prepared['file'], { include }: CurlOptions): Promise<void> => {
  const to = file === undefined ? process.stdout : (await emptied(file)).createWriteStream()
  if (include) to.write(head(answer))
  const body = Readable.from(answer.body ?? [])
  try {
    await pipeline(body, to, { end: to !== process.stdout })
  } catch (error) {
    // Whoever reads the output may go before it ends.
    if (reasonOf(error) !== 'EPIPE') throw error
  }
}

const refused = (
  invocation: Invocation,
  { profile: { principal } }: Session,
  { host }: URL,
  { status, statusText }: Response,
): Problem => {
  const what = `${host} answered ${`${status} ${printable(statusText)}`.trim()}`
  if (status !== 401) {
    return problem(ExitCode.refused, what, `see what it says, then: ${commandLine(invocation, 'curl')} …`)
  }
  const next =
    principal._tag === 'Login'
      ? `log in again: ${commandLine(invocation, 'login')}`
      : `see which rights the client has there, and what is kept: ${commandLine(invocation, 'inspect')}`
  return problem(ExitCode.refused, what, next, 'it takes no token of this profile')
}

type Fetch = typeof globalThis.fetch

/** A redirect that was not followed: what it would have taken along is for the profile's origins alone. */
interface Stray {
  to?: URL
}

const strayed = (invocation: Invocation, { profile }: Session, { host }: URL, { origin }: URL): Problem =>
  problem(
    ExitCode.configuration,
    `${host} leads to ${origin}, which is not an origin of profile ${profile.name}: it gets no body and no header of yours`,
    `if it may have them, and the token: ${listing(invocation, profile, 'origins', origin)}`,
  )

/** Does not take a body, or headers that somebody named, to an origin that is not listed. */
const keeping =
  (send: Fetch, origins: ReadonlyArray<string>, { header }: CurlOptions, stray: Stray): Fetch =>
  (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const takesAlong = header.length > 0 || (init?.body ?? undefined) !== undefined
    if (!takesAlong || origins.includes(url.origin)) return send(input, init)
    stray.to = url
    return Promise.reject(new Error('a redirect leads elsewhere'))
  }

const sent = (
  invocation: Invocation,
  session: Session,
  options: CurlOptions,
  { url, method, headers, body }: Prepared,
): TE.TaskEither<Problem, Response> => {
  const { source, problem: told, profile } = session
  const { provider } = profile
  const origins = reachOf(provider)
  const stray: Stray = {}
  const fetch = authenticatedFetch({
    tokens: source,
    origins,
    allowHttp: provider.allowHttp,
    fetch: keeping(openFetch(), origins, options, stray),
  })
  const redirect = options.location ? 'follow' : 'manual'
  const { signal, shared } = invocation
  return TE.tryCatch(
    // It bounds the wait for the token and for the answer, whose body may take as long as it is; standard input has been read by now.
    () =>
      within(seconds(shared.timeout ?? SECONDS), async (late) => {
        const either = AbortSignal.any([signal, late])
        try {
          return await fetch(url, { method, headers, redirect, signal: either, ...(body !== undefined && { body }) })
        } catch (error) {
          throw late.aborted ? AuthError.toError(AuthError.timedOut(`an answer of ${url.host}`)) : error
        }
      }),
    (error) => {
      if (stray.to !== undefined) return strayed(invocation, session, url, stray.to)
      if (signal.aborted) return told(AuthError.aborted)
      if (AuthError.isException(error)) return told(error.error)
      return problem(
        ExitCode.unreachable,
        `${url.host} cannot be reached: ${reasonOf(error)}`,
        `see that the network and the address are right, then: ${commandLine(invocation, 'curl')} …`,
      )
    },
  )
}

const answered = (
  invocation: Invocation,
  session: Session,
  options: CurlOptions,
  request: Prepared,
): TE.TaskEither<Problem, void> => {
  const { output } = invocation
  const sending = sent(invocation, session, options, request)
  return pipe(
    () => output.during(`waiting for ${request.url.host}`, sending()),
    TE.tap((answer) =>
      TE.tryCatch(
        () => write(answer, request.file, options),
        (error) =>
          problem(
            ExitCode.unreachable,
            `the answer ended early: ${reasonOf(error)}`,
            `try again: ${commandLine(invocation, 'curl')} …`,
          ),
      ),
    ),
    TE.flatMapEither((answer) => {
      if (answer.status >= 400) return E.left(refused(invocation, session, request.url, answer))
      if (!options.location && isRedirect(answer)) output.say('it leads elsewhere: --location follows it')
      return E.right(undefined)
    }),
  )
}

/** Sends one request with the token, renews the token once at a 401, and writes the body to standard output. */
export const curl: Command<CurlOptions> = (invocation, options) =>
  invocation.shared.json === true
    ? TE.left(
        usage(
          "--json is not for curl, whose output is the answer; send JSON by -H 'content-type: application/json' -d",
          invocation,
        ),
      )
    : withSession(invocation, 'curl', (session) =>
        pipe(
          prepared(invocation, session, options),
          TE.flatMap((request) => async () => {
            const result = await answered(invocation, session, options, request)()
            await request.file?.close().catch(() => undefined)
            return result
          }),
        ),
      )

/**
 * A request with the profile's token.
 */
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { AuthError, seconds } from '@tessera/core'
import { authenticatedFetch } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import { type Command, commandLine, type Invocation, SECONDS } from '../invocation.js'
import { printable } from '../printable.js'
import { usage } from '../profile.js'
import { originsOf } from '../provider.js'
import { type Problem, problem } from '../report.js'
import { type Session, withSession } from '../session.js'

export interface CurlOptions {
  readonly url: string
  readonly request?: string
  readonly header: ReadonlyArray<string>
  readonly data: ReadonlyArray<string>
  readonly include: boolean
  readonly output?: string
}

interface Prepared {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer> | undefined
}

// -----------------------------------------------------------------------------
// the request
// -----------------------------------------------------------------------------

const FORM = 'application/x-www-form-urlencoded'

const headersOf = (invocation: Invocation, { header }: CurlOptions): E.Either<Problem, Headers> =>
  E.tryCatch(
    () => {
      const headers = new Headers({ accept: '*/*' })
      for (const line of header) {
        const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/s.exec(line) ?? []
        headers.set(name, value)
      }
      return headers
    },
    // What was thrown quotes the header, which may be a secret.
    () => usage('a header is not "NAME: VALUE"', invocation),
  )

/** A text, `@FILE`, or `@-` for standard input. */
const dataOf = async (text: string): Promise<Buffer> => {
  if (!text.startsWith('@')) return Buffer.from(text)
  return text === '@-' ? buffer(process.stdin) : readFile(text.slice(1))
}

const bodyOf = (invocation: Invocation, { data }: CurlOptions): TE.TaskEither<Problem, Prepared['body']> =>
  data.length === 0
    ? TE.right(undefined)
    : TE.tryCatch(
        async () => {
          const parts = await Promise.all(data.map(dataOf))
          return Uint8Array.from(
            Buffer.concat(parts.flatMap((part, at) => (at === 0 ? [part] : [Buffer.from('&'), part]))),
          )
        },
        () => usage('the file of --data cannot be read', invocation),
      )

const prepared = (invocation: Invocation, session: Session, options: CurlOptions): TE.TaskEither<Problem, Prepared> =>
  pipe(
    TE.Do,
    TE.apSW('url', TE.fromEither(allowed(invocation, session, options))),
    TE.apSW('headers', TE.fromEither(headersOf(invocation, options))),
    TE.bind('body', () => bodyOf(invocation, options)),
    TE.map(({ url, headers, body }) => {
      if (body !== undefined && !headers.has('content-type')) headers.set('content-type', FORM)
      return { url, headers, body, method: options.request ?? (body === undefined ? 'GET' : 'POST') }
    }),
  )

/** Only the profile's origins get its token. */
const allowed = (
  invocation: Invocation,
  { profile: { name, provider } }: Session,
  { url: text }: CurlOptions,
): E.Either<Problem, URL> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return E.left(usage('the URL is not of http or https', invocation))
  const origins = originsOf(provider)
  return origins.includes(url.origin)
    ? E.right(url)
    : E.left(
        problem(
          ExitCode.configuration,
          `${url.origin} is not an origin of profile ${name}, and gets no token of it`,
          `if it may have the token: ${invocation.self} profile add ${name} --update ${[...provider.origins, url.origin].map((origin) => `--origin ${origin}`).join(' ')}`,
          `its origins are ${origins.join(', ')}`,
        ),
      )
}

// -----------------------------------------------------------------------------
// the answer
// -----------------------------------------------------------------------------

const head = ({ status, statusText, headers }: Response): string =>
  `${[`HTTP ${status} ${statusText}`.trim(), ...[...headers].map((pair) => pair.join(': '))].map(printable).join('\n')}\n\n`

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error && 'code' in cause
    ? String(cause.code)
    : cause instanceof Error
      ? cause.name
      : 'unknown'
}

const write = async (answer: Response, { include, output }: CurlOptions): Promise<void> => {
  const to: Writable = output === undefined || output === '-' ? process.stdout : createWriteStream(output)
  if (include) to.write(head(answer))
  const body = Readable.from(answer.body ?? [])
  try {
    await pipeline(body, to, { end: to !== process.stdout })
  } catch (error) {
    // Whoever reads the output may go before it ends.
    if (reasonOf(error) !== 'EPIPE') throw error
  }
}

const refused = (invocation: Invocation, { host }: URL, { status, statusText }: Response): Problem => {
  const again = commandLine(invocation, 'curl')
  return problem(
    ExitCode.refused,
    `${host} answered ${`${status} ${printable(statusText)}`.trim()}`,
    status === 401 ? `log in again: ${commandLine(invocation, 'login')}` : `see what it says, then: ${again} …`,
    status === 401 ? 'it takes no token of this profile' : undefined,
  )
}

const sent = (
  invocation: Invocation,
  { source, limits, problem: told, profile: { provider } }: Session,
  { url, method, headers, body }: Prepared,
): TE.TaskEither<Problem, Response> => {
  const fetch = authenticatedFetch({
    tokens: source.within(limits),
    origins: [url.origin],
    allowHttp: provider.allowHttp,
  })
  const { signal, shared } = invocation
  return TE.tryCatch(
    async () => {
      // It bounds the wait for the answer, whose body may take as long as it is.
      const patience = new AbortController()
      const timer = setTimeout(() => patience.abort(), seconds(shared.timeout ?? SECONDS))
      const either = AbortSignal.any([signal, patience.signal])
      try {
        return await fetch(url, { method, headers, signal: either, ...(body !== undefined && { body }) })
      } catch (error) {
        throw patience.signal.aborted ? AuthError.toError(AuthError.timedOut(`an answer of ${url.host}`)) : error
      } finally {
        clearTimeout(timer)
      }
    },
    (error) => {
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
          TE.bindTo('request'),
          TE.bind('answer', ({ request }) => {
            const sending = sent(invocation, session, request)
            return () => invocation.output.during(`waiting for ${request.url.host}`, sending())
          }),
          TE.tap(({ answer }) =>
            TE.tryCatch(
              () => write(answer, options),
              (error) =>
                problem(
                  ExitCode.unreachable,
                  `the answer ended early: ${reasonOf(error)}`,
                  `try again: ${commandLine(invocation, 'curl')} …`,
                ),
            ),
          ),
          TE.flatMapEither(({ request, answer }) =>
            answer.status >= 400 ? E.left(refused(invocation, request.url, answer)) : E.right(undefined),
          ),
        ),
      )

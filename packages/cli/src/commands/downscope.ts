import * as Box from '@tessera/box'
import { AuthError, type Exchange, Secret, TokenSource } from '@tessera/core'
import { type TokenEnv, tokenExchange } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import type { Command } from '../invocation.js'
import { addressOf, type Provider } from '../provider.js'
import { type Problem, problem } from '../report.js'
import { type Session, withSession } from '../session.js'
import { tokenJson } from '../tokenJson.js'

export interface DownscopeOptions {
  readonly scope: ReadonlyArray<string>
  readonly resource?: string
  readonly sharedLink?: string
}

/** With Box `file:123` or `folder:9`; or an address as it is. */
const resourceOf = (text: string, provider: Provider): E.Either<AuthError, string> => {
  const api = addressOf(provider)
  const [, kind, id = ''] = (provider._tag === 'Box' && /^(file|folder):(.*)$/.exec(text)) || []
  if (kind === undefined) {
    return URL.canParse(text)
      ? E.right(text)
      : E.left(
          AuthError.misconfigured(
            'resource',
            provider._tag === 'Box' ? 'it is file:ID, folder:ID or an address' : 'it is an address',
          ),
        )
  }
  return pipe(
    Box.itemId(id),
    E.map((checked) => (kind === 'file' ? Box.file(checked, { api }) : Box.folder(checked, { api }))),
  )
}

const exchangeOf = ({ profile, client }: Session): Exchange<TokenEnv> =>
  profile.provider._tag === 'Box' ? Box.tokenExchange({ client }) : tokenExchange({ client })

/** Prints a token that may do less. */
export const downscope: Command<DownscopeOptions> = (invocation, { scope, resource, sharedLink }) =>
  withSession(invocation, 'downscope', (session) => {
    const { source, env, limits, output } = { ...session, output: invocation.output }
    const usage = (error: AuthError): Problem =>
      problem(
        ExitCode.usage,
        `--resource is wrong${error._tag === 'Misconfigured' ? `: ${error.message}` : ''}`,
        `${invocation.self} downscope --help`,
      )
    return pipe(
      resource === undefined ? E.right(undefined) : resourceOf(resource, session.profile.provider),
      E.mapLeft(usage),
      TE.fromEither,
      TE.flatMap((at) => {
        const derived = TokenSource.downscoping({ exchange: exchangeOf(session) })(source)(env).for({
          scope: scope.flatMap((text) => text.split(/[\s,]+/)).filter((each) => each !== ''),
          ...(at !== undefined && { resource: at }),
          ...(sharedLink !== undefined && { parameters: Box.sharedLink(sharedLink) }),
        })
        return pipe(
          () => output.during('waiting for the exchange', derived.within(limits).get()),
          TE.mapLeft((error) => session.problem(error, 'the exchange')),
        )
      }),
      TE.map((got) => output.result(Secret.open(got.accessToken), tokenJson(got))),
    )
  })

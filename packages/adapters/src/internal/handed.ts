import { AuthError, Secret, type TokenSet, type Tokens } from '@tessera/core'
import { isDpopToken } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** A token that a host was given, as it sends it. */
export interface Handed {
  readonly token: TokenSet
  readonly text: string
}

/** The edge to promises: they reject with the typed error. */
export const run = async <A>(task: TaskEither<AuthError, A>): Promise<A> => {
  const result = await task()
  if (E.isRight(result)) return result.right
  throw AuthError.toError(result.left)
}

const unprintable = AuthError.malformed({
  what: 'access token',
  path: '',
  expected: 'printable ASCII (RFC 6750 §2.1)',
})
const bound = AuthError.misconfigured(
  'tokens',
  'the token is bound to a key, of which this host makes no proofs: use authenticatedFetch of @tessera/node',
)

/** A token that is valid now. Its characters are checked, since hosts show a header that they refuse. */
export const handOut = async (tokens: Tokens): Promise<Handed> => {
  const token = await run(tokens.get)
  const text = Secret.open(token.accessToken)
  if (!/^[\x21-\x7e]+$/.test(text)) throw AuthError.toError(unprintable)
  if (isDpopToken(token)) throw AuthError.toError(bound)
  return { token, text }
}

/** Refuses a token by its text, which is all that some hosts keep of it. */
export const refuse = (tokens: Tokens, text: string): Promise<void> =>
  run(tokens.invalidate(Secret.make('AccessToken', text)))

/** What to try again with after a refusal: nothing where the source stands by its token. */
export const renewed = async (tokens: Tokens, refused: string): Promise<Handed | undefined> => {
  await refuse(tokens, refused)
  const next = await handOut(tokens)
  return next.text === refused ? undefined : next
}

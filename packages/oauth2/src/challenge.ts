/**
 * What an API says of the token that it did not take (RFC 6750 §3, RFC 9728 §5.1).
 *
 * @packageDocumentation
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { visible } from './internal/visible.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What a `WWW-Authenticate` header asks for. */
export interface Challenge {
  /** How the token is to be sent. */
  readonly scheme: 'Bearer' | 'DPoP'
  /** `invalid_token`, say, or `insufficient_scope`: a token for more is needed (RFC 6750 §3.1). None where no token was sent. */
  readonly error: O.Option<string>
  /** For developers, without control characters. */
  readonly description: O.Option<string>
  /** What is needed. Empty where it is not said. */
  readonly scope: ReadonlyArray<string>
  /** Where the resource's metadata is (RFC 9728 §5.1). It is the API's word: `protectedResource` checks it. */
  readonly resourceMetadata: O.Option<string>
}

// -----------------------------------------------------------------------------
// parser
// -----------------------------------------------------------------------------

const TOKEN = "[!#$%&'*+.^_`|~\\w-]+"
const SEPARATORS = '[ \\t,]*'
/** With the space after it, if there is one: then something of this scheme follows. */
const SCHEME = `(${TOKEN})(?:([ \\t]+)|,|$)`
const TOKEN68 = '[\\w.~+/-]+=*[ \\t]*(?:,|$)'
// Some servers leave the comma out between two.
const PARAMETER = `(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))(?=[ \\t,]|$)`

interface Parsed {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

/** Challenges (RFC 9110 §11.6.1), as far as the text has some. */
const parse = (header: string): ReadonlyArray<Parsed> => {
  const all: Parsed[] = []
  let at = 0
  const next = (pattern: string): RegExpExecArray | undefined => {
    const sticky = new RegExp(pattern, 'y')
    sticky.lastIndex = at
    const found = sticky.exec(header) ?? undefined
    at += found?.[0].length ?? 0
    return found
  }
  const parameter = (): RegExpExecArray | undefined => {
    next(SEPARATORS)
    return next(PARAMETER)
  }
  next(SEPARATORS)
  for (let scheme = next(SCHEME); scheme !== undefined; scheme = next(SCHEME)) {
    const parameters = new Map<string, string>()
    all.push({ scheme: `${scheme[1]}`.toLowerCase(), parameters })
    if (scheme[2] !== undefined && next(TOKEN68) === undefined) {
      for (let found = parameter(); found !== undefined; found = parameter()) {
        const [, name = '', quoted, token = ''] = found
        const key = name.toLowerCase()
        // No name may be there twice: of one that is, the first counts.
        if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? token)
      }
    }
    next(SEPARATORS)
  }
  return all
}

const LONGEST = 500

const SCHEMES: Readonly<Record<string, Challenge['scheme']>> = { bearer: 'Bearer', dpop: 'DPoP' }

/**
 * Reads a `WWW-Authenticate` header: the first challenge in it that an access token answers. None where there is none, and where the text
 * is rubbish.
 *
 * @example
 * import { challenge } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'
 *
 * const asked = challenge('Bearer error="insufficient_scope", scope="files:read files:write"')
 * assert.ok(O.isSome(asked))
 * assert.deepStrictEqual(asked.value.scope, ['files:read', 'files:write'])
 */
export const challenge = (header: string): O.Option<Challenge> => {
  for (const { scheme, parameters } of parse(header)) {
    const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
    if (known === undefined) continue
    const text = (name: string): O.Option<string> => O.fromNullable(parameters.get(name))
    const words = (name: string): O.Option<string> =>
      pipe(
        text(name),
        O.map((value) => visible(value).slice(0, LONGEST)),
      )
    return O.some({
      scheme: known,
      error: words('error'),
      description: words('error_description'),
      scope: pipe(
        text('scope'),
        O.match(
          () => [],
          (scope) =>
            visible(scope)
              .split(' ')
              .filter((each) => each !== ''),
        ),
      ),
      resourceMetadata: text('resource_metadata'),
    })
  }
  return O.none
}

/**
 * A fault of the sandbox, as `--fault` says it: a kind, and after commas where and how often.
 */
import type { Endpoint, Fault, FaultKind, GrantType } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

/** What may follow the kind. */
interface Members {
  readonly endpoint?: Endpoint
  readonly grantType?: GrantType
  readonly times?: number
  readonly retryAfter?: number
  readonly processed?: true
}

const whole = (text: string | undefined, least: number, most: number): O.Option<number> =>
  text !== undefined && /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most
    ? O.some(Number(text))
    : O.none

/** As long as a timer can be. */
const LONGEST = 2 ** 31 - 1

const ms = (text: string | undefined): O.Option<number> => whole(text, 0, LONGEST)
const status = (text: string | undefined): O.Option<number> => whole(text, 200, 599)

// -----------------------------------------------------------------------------
// kinds
// -----------------------------------------------------------------------------

/** A fault with its members, if it takes that value and those. */
type Maker = (value: string | undefined, members: Members) => O.Option<Fault>

/** Only where the answer is another one. */
const isOfAnswer = ({ retryAfter, processed }: Members): boolean => retryAfter !== undefined || processed !== undefined

const alone =
  (kind: FaultKind): Maker =>
  (value, members) =>
    value === undefined && !isOfAnswer(members) ? O.some({ ...kind, ...members }) : O.none

const timed =
  (kind: 'latency' | 'drip'): Maker =>
  (value, members) =>
    pipe(
      ms(value),
      O.filter(() => !isOfAnswer(members)),
      O.map((ms) => ({ kind, ms, ...members })),
    )

/** The form of each kind, for people, and what makes a fault of it. */
const KINDS: Readonly<Record<FaultKind['kind'], { readonly form: string; readonly make: Maker }>> = {
  latency: { form: 'latency=MS', make: timed('latency') },
  status: {
    form: 'status=CODE[,retry-after=SECONDS][,processed]',
    make: (value, members) =>
      pipe(
        status(value),
        O.map((status) => ({ kind: 'status', status, ...members })),
      ),
  },
  html: {
    form: 'html[=CODE][,processed]',
    make: (value, members) =>
      pipe(
        value === undefined
          ? O.some({})
          : pipe(
              status(value),
              O.map((status) => ({ status })),
            ),
        O.filter(() => members.retryAfter === undefined),
        O.map((given) => ({ kind: 'html', ...given, ...members })),
      ),
  },
  drip: { form: 'drip=MS', make: timed('drip') },
  truncated: { form: 'truncated', make: alone({ kind: 'truncated' }) },
  'reset-before': { form: 'reset-before', make: alone({ kind: 'reset-before' }) },
  'reset-after': { form: 'reset-after', make: alone({ kind: 'reset-after' }) },
  'reset-midway': { form: 'reset-midway', make: alone({ kind: 'reset-midway' }) },
  'closed-midway': { form: 'closed-midway', make: alone({ kind: 'closed-midway' }) },
  'hang-before': { form: 'hang-before', make: alone({ kind: 'hang-before' }) },
  'hang-after': { form: 'hang-after', make: alone({ kind: 'hang-after' }) },
}

const isKind = (text: string): text is FaultKind['kind'] => Object.hasOwn(KINDS, text)

// -----------------------------------------------------------------------------
// members
// -----------------------------------------------------------------------------

const ENDPOINTS: ReadonlyArray<Endpoint> = [
  'authorize',
  'token',
  'revoke',
  'device_authorization',
  'activate',
  'metadata',
  'api',
]

const GRANTS: ReadonlyArray<GrantType> = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:device_code',
]

/** A grant type without the URN that some begin with. */
const shortOf = (grant: GrantType): string => grant.replace(/^.*:/, '')

const grantNames = GRANTS.map(shortOf).join(', ')

const optional = <A>(value: A | undefined): O.Option<A> => O.fromNullable(value)

/** What each member is, and how its value is read. */
const MEMBERS: ReadonlyMap<
  string,
  { readonly form: string; readonly read: (value: string | undefined) => O.Option<Members> }
> = new Map([
  [
    'endpoint',
    {
      form: `one of ${ENDPOINTS.join(', ')}`,
      read: (value) =>
        pipe(
          optional(ENDPOINTS.find((one) => one === value)),
          O.map((endpoint) => ({ endpoint })),
        ),
    },
  ],
  [
    'grant',
    {
      form: `one of ${grantNames}`,
      read: (value) =>
        pipe(
          optional(GRANTS.find((one) => one === value || shortOf(one) === value)),
          O.map((grantType) => ({ grantType })),
        ),
    },
  ],
  [
    'times',
    {
      form: 'a number from 1, or always',
      read: (value) =>
        pipe(
          value === 'always' ? O.some(Number.POSITIVE_INFINITY) : whole(value, 1, LONGEST),
          O.map((times) => ({ times })),
        ),
    },
  ],
  [
    'retry-after',
    {
      form: 'a number of seconds',
      read: (value) =>
        pipe(
          whole(value, 0, LONGEST),
          O.map((retryAfter) => ({ retryAfter })),
        ),
    },
  ],
  [
    'processed',
    {
      form: 'without a value',
      read: (value): O.Option<Members> => (value === undefined ? O.some({ processed: true }) : O.none),
    },
  ],
])

const splitAt = (piece: string): readonly [name: string, value: string | undefined] => {
  const at = piece.indexOf('=')
  return at < 0 ? [piece, undefined] : [piece.slice(0, at), piece.slice(at + 1)]
}

const parseMember = (piece: string): E.Either<string, Members> => {
  const [name, value] = splitAt(piece)
  const member = MEMBERS.get(name)
  return member === undefined
    ? E.left(`has ${JSON.stringify(name)} after a comma, where one of ${[...MEMBERS.keys()].join(', ')} may be`)
    : pipe(
        member.read(value),
        E.fromOption(() => `has a wrong "${name}", which is ${member.form}`),
      )
}

/** Reads a fault. What is wrong is said so that it can follow the name of the option. */
export const parseFault = (text: string): E.Either<string, Fault> => {
  const [head = '', ...pieces] = text.split(',')
  const [kind, value] = splitAt(head)
  if (!isKind(kind)) {
    return E.left(`has no kind ${JSON.stringify(kind)}: it is one of ${Object.keys(KINDS).join(', ')}`)
  }
  const { form, make } = KINDS[kind]
  return pipe(
    pieces,
    E.traverseArray(parseMember),
    E.map((members): Members => Object.assign({}, ...members)),
    E.flatMap((members) =>
      pipe(
        make(value, members),
        E.fromOption(() => `has a wrong "${kind}", which is ${form}`),
      ),
    ),
  )
}

/** The lines of `--help`, by the kinds that are on them. */
const LINES: ReadonlyArray<ReadonlyArray<FaultKind['kind']>> = [
  ['latency', 'drip', 'html'],
  ['status'],
  ['truncated', 'reset-midway', 'closed-midway'],
  ['reset-before', 'reset-after', 'hang-before', 'hang-after'],
]

/** The forms, for `--help`. */
export const faultsHelp = `
Faults (--fault KIND[,endpoint=NAME][,grant=TYPE][,times=N|always]):
${LINES.map((kinds) => `  ${kinds.map((kind) => KINDS[kind].form).join('  ')}`).join('\n')}
  endpoints: ${ENDPOINTS.join(', ')}
  grants: ${grantNames}
A request meets the first fault that fits it. Without times, a fault happens once.
With "processed", "after", "midway" and "truncated" the server has done its work, but the client does not learn of it.`

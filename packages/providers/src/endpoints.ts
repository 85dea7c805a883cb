/**
 * The endpoints of a preset for one customer.
 *
 * @packageDocumentation
 */
import { AuthError, checking } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { PRESET, VARIABLES } from './internal/arguments.js'
import type { Endpoints, Preset, Variable } from './Preset.js'

/** The parameters of {@link endpoints}. */
export interface EndpointsOptions {
  readonly preset: Preset
  /** The values of the preset's variables by their names: `{ tenant: 'contoso.onmicrosoft.com' }`. */
  readonly variables?: Readonly<Record<string, string | undefined>> | undefined
  /** The client's id. Without it, an endpoint that names the client is left out. */
  readonly clientId?: string | undefined
}

const fits = ({ pattern }: Variable, value: unknown): value is string =>
  typeof value === 'string' && new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(value)

const filledIn =
  ({ title }: Preset, given: Readonly<Record<string, unknown>>) =>
  ([name, variable]: readonly [string, Variable]): E.Either<AuthError, readonly [string, string]> => {
    const { [name]: value = variable.default } = given
    const { description, example } = variable
    if (fits(variable, value)) return E.right([name, value])
    const what = value === undefined ? 'is missing' : 'is something else'
    return E.left(
      AuthError.misconfigured(name, `for ${title} it is ${description}, such as ${example}, but it ${what}`),
    )
  }

const unknownIn = (
  { title, variables }: Preset,
  given: Readonly<Record<string, unknown>>,
): E.Either<AuthError, void> => {
  const names = Object.keys(variables)
  const other = Object.keys(given).find((name) => given[name] !== undefined && !names.includes(name))
  if (other === undefined) return E.right(undefined)
  const has = names.length === 0 ? 'no variables' : `the variables ${names.join(', ')}`
  return E.left(AuthError.misconfigured(other, `${title} has ${has}`))
}

// Whatever an id holds, it is one part of a path: `.` and `..` would not be.
const partOf = (clientId: string | undefined): E.Either<AuthError, string | undefined> => {
  if (clientId === undefined || /^\.*$/.test(clientId)) return E.right(undefined)
  return /\p{Surrogate}/u.test(clientId)
    ? E.left(AuthError.misconfigured('id', 'it has half of a character (a lone surrogate), which no request can have'))
    : E.right(encodeURIComponent(clientId))
}

const filled =
  (values: Readonly<Record<string, string | undefined>>) =>
  (template: string): string | undefined => {
    const names = Array.from(template.matchAll(/\{(\w+)\}/g), ([, name = '']) => name)
    return names.some((name) => values[name] === undefined)
      ? undefined
      : template.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
  }

/**
 * The endpoints of a preset with its variables filled in. A variable that is missing, that the preset does not have, or whose value is
 * not what the preset says is `Misconfigured` by its name; the value is not repeated. So is a client's id that has half of a character, as
 * `id`. No value can lead to another host, or to another path, than its place in the address allows.
 *
 * @example
 * import * as Providers from '@tessera/providers'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const found = Providers.endpoints({ preset: Providers.microsoft, variables: { tenant: 'contoso.onmicrosoft.com' } })
 * assert.ok(E.isRight(found))
 * assert.strictEqual(found.right.token, 'https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token')
 *
 * const wrong = Providers.endpoints({ preset: Providers.microsoft, variables: { tenant: 'x/../../evil' } })
 * assert.ok(E.isLeft(wrong) && wrong.left._tag === 'Misconfigured' && wrong.left.field === 'tenant')
 */
export const endpoints: (options: EndpointsOptions) => E.Either<AuthError, Endpoints> = checking(
  'Providers.endpoints takes { preset, variables?, clientId? }',
  { preset: PRESET, variables: VARIABLES },
  E.left,
  ({ preset, variables = {}, clientId }) =>
    pipe(
      unknownIn(preset, variables),
      E.flatMap(() => pipe(Object.entries(preset.variables), E.traverseArray(filledIn(preset, variables)))),
      E.bindTo('values'),
      E.bind('client_id', () => partOf(clientId)),
      E.map(({ values, client_id }) => {
        const fill = filled({ ...Object.fromEntries(values), client_id })
        const { token, authorization, ...others } = preset.endpoints
        const optional = Object.entries(others).map(([name, template]) => [name, fill(template ?? '')])
        return {
          token: fill(token) ?? token,
          authorization: fill(authorization) ?? authorization,
          ...Object.fromEntries(optional),
        }
      }),
    ),
)

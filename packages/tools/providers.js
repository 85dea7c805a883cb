// The presets of @tessera/providers as a table, in docs/providers.md. `npm run check providers`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Provider } from '@tessera/oauth2'
import { all } from '@tessera/providers'
import { root } from './published.js'
import { compareOrUpdate } from './written.js'

/** @typedef {import('@tessera/providers').Preset} Preset */

const NONE = '—'

const UNITS = /** @type {const} */ ([
  ['days', 86_400_000],
  ['min', 60_000],
  ['s', 1_000],
])

/** @param {number} duration in ms */
const lasting = (duration) => {
  const [unit, length] = UNITS.find(([, of]) => duration >= of && duration % of === 0) ?? ['ms', 1]
  return `${duration / length} ${unit}`
}

/** @param {string} text */
const code = (text) => `\`${text}\``

/** @param {readonly string[]} parts */
const joined = (parts) => (parts.length === 0 ? NONE : parts.join('; '))

/** @param {string} separator */
const named = (separator) => (separator === ',' ? 'comma' : 'space')

/** @param {Readonly<Record<string, string>>} parameters */
const pairs = (parameters) => Object.entries(parameters).map(([name, value]) => code(`${name}=${value}`))

/** @param {Preset} preset */
const variablesOf = ({ variables }) =>
  joined(
    Object.entries(variables).map(([name, of]) => (of.default === undefined ? name : `${name} (${code(of.default)})`)),
  )

/** @param {Preset} preset */
const clientOf = ({ authentication, provider, pkce }) => {
  const verbatim = authentication === 'client_secret_basic' && provider.basic === 'verbatim' ? ', not encoded' : ''
  const challenge =
    provider.pkce === 'public' ? 'PKCE of public clients only' : pkce === 'not documented' ? '' : `PKCE ${pkce}`
  const secret = authentication === 'client_secret_basic' ? 'the secret by HTTP Basic' : 'the secret in the form'
  return joined([`${secret}${verbatim}`, challenge].filter((each) => each !== ''))
}

/** @param {Preset} preset */
const offlineOf = ({ provider: { offline } }) => joined([...offline.scope.map(code), ...pairs(offline.parameters)])

/** What a refresh does to the refresh token, in the words of a reader. */
const ROTATIONS = {
  none: 'the same',
  rotated: 'replaced',
  reusable: 'replaced; the old one goes on',
  'single use': 'replaced',
  either: 'replaced or not, by a setting or the kind of client',
  'not documented': 'not documented',
}

/** @param {Preset} preset */
const refreshOf = ({ refreshTokens }) => {
  if (refreshTokens === undefined) return NONE
  const { rotation, grace, idle, lifetime } = refreshTokens
  return joined([
    ROTATIONS[rotation],
    ...(grace !== undefined
      ? [`[the old one works for ${lasting(grace)} more](reliability.md#grace)`]
      : rotation === 'single use'
        ? ['the old one works no more']
        : []),
    ...(idle === undefined ? [] : [`lasts ${lasting(idle)} unused`]),
    ...(lifetime === undefined ? [] : [`lasts ${lasting(lifetime)} at most`]),
  ])
}

/** @param {Preset} preset */
const revocationOf = ({ endpoints, provider: { revocation } }) => {
  if (endpoints.revocation === undefined) return NONE
  const { method, as, token, ends, parameter, authentication } = revocation
  const member = parameter === 'token' || as === 'bearer' ? '' : `, as ${code(`${token}_token`)}`
  const place = as === 'form' ? '' : as === 'json' ? ' in JSON' : ' as the bearer'
  return joined([
    `${method === 'POST' ? '' : `a ${method} with `}the ${token} token${method === 'POST' ? ' is sent' : ''}${place}${member}`,
    ...(authentication === 'client' || as === 'bearer'
      ? []
      : [authentication === 'none' ? 'the client is not named' : 'the client authenticates by HTTP Basic']),
    ends === 'grant' ? 'this login ends' : 'all logins of the person end',
  ])
}

/** @param {import('@tessera/oauth2').GrantError} error */
const worded = ({ error, description }) =>
  description === undefined ? code(error) : `${code(error)} “${description.source.replaceAll(/\\b/g, '')}”`

/** @param {Preset} preset */
const beyondOf = ({ provider, endpoints }) => {
  const { rfc } = Provider
  const {
    scopeSeparator: { request, answer },
  } = provider
  const dead = provider.deadGrants.filter((each) => !rfc.deadGrants.includes(each))
  return joined([
    ...(request === answer
      ? request === ','
        ? ['scopes by comma']
        : []
      : [`scopes by ${named(request)}, answered by ${named(answer)}`]),
    ...(provider.scopeMember === 'scope' ? [] : [`answers ${code(provider.scopeMember)}`]),
    ...(provider.requests === 'json' ? ['requests in JSON'] : []),
    ...(provider.tokenTypeRequired ? [] : ['no `token_type`']),
    ...(provider.tokenTypes.length === 0 ? [] : [`${code('token_type')} ${provider.tokenTypes.map(code).join(', ')}`]),
    ...(endpoints.refresh === undefined ? [] : ['refresh elsewhere']),
    ...(Object.keys(provider.authorizationParameters).length === 0
      ? []
      : [`always ${pairs(provider.authorizationParameters).join(', ')}`]),
    ...dead.map((each) => `${worded(each)} means “log in again”`),
    ...provider.busyGrants.map((each) => `${worded(each)} may be tried again`),
    ...(provider.serverErrors === rfc.serverErrors
      ? []
      : [`${provider.serverErrors.map(code).join(', ')}: the server failed`]),
  ])
}

/** @param {readonly string[]} cells */
const row = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** What fits into a table. */
const COLUMNS = /** @type {const} */ ([
  [
    'preset',
    (/** @type {Preset} */ { name, title }) => `[${name}](#${name})${title.toLowerCase() === name ? '' : `: ${title}`}`,
  ],
  ['at a refresh, the refresh token is', refreshOf],
])

/** What is said of each provider by itself. */
const FACTS = /** @type {const} */ ([
  ['Variables', variablesOf],
  ['The client', clientOf],
  ['Offline access', offlineOf],
  ['At a refresh, the refresh token is', refreshOf],
  ['Revocation', revocationOf],
  ['Beyond the RFCs', beyondOf],
])

/** @param {Preset} preset */
const details = (preset) => [
  `### ${preset.name}`,
  '',
  `${preset.title}: ${preset.grants.map((grant) => code(grant)).join(', ')}.`,
  '',
  ...FACTS.map(([name, of]) => [name, of(preset)]).flatMap(([name, fact]) =>
    fact === NONE ? [] : [`- **${name}**${name?.endsWith(' is') ? '' : ':'} ${fact}`],
  ),
  ...preset.notes.map((note) => `- ${note}`),
  '',
  'Sources:',
  '',
  ...preset.sources.map(
    ({ about, title, url, seen, reported }) =>
      `- ${reported === true ? 'Reported: ' : ''}[${title}](${url}), seen ${seen}: ${about.join(', ')}`,
  ),
  '',
]

const generated = () =>
  [
    row(COLUMNS.map(([name]) => name)),
    row(COLUMNS.map(() => '---')),
    ...all.map((preset) => row(COLUMNS.map(([, of]) => of(preset)))),
    '',
    '## Each provider',
    '',
    ...all.flatMap(details),
  ].join('\n')

const page = 'docs/providers.md'
const BEGIN = '<!-- generated: presets -->\n'
const END = '<!-- end -->'
const [before, rest] = readFileSync(join(root, page), 'utf8').split(BEGIN)
const after = rest?.slice(rest.indexOf(END))
if (before === undefined || after === undefined) throw new Error(`${page} has no place for the table`)
compareOrUpdate(page, `${before}${BEGIN}${generated()}${after}`, 'providers')

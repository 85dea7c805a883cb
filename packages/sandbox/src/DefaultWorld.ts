/**
 * The world as it is when the server starts: one enterprise, three users, two files, two applications.
 */
import type { Registration } from './Client.js'
import type { Clock } from './Clock.js'
import { makeIdentityKey } from './IdentityKey.js'
import { makeJournal } from './Journal.js'
import type { SandboxOptions } from './Sandbox.js'
import type { Endpoints, File, Lifetimes, User, World } from './World.js'

export const enterprise = '4242'

const serviceAccount: User = {
  id: '7000',
  name: 'Sandbox service account',
  login: 'AutomationUser_4242@boxdevedition.com',
  kind: 'service account',
}
export const appUser: User = { id: '7001', name: 'Ada App', login: 'AppUser_7001@boxdevedition.com', kind: 'app user' }
const managedUser: User = { id: '7002', name: 'Max Managed', login: 'max@example.com', kind: 'managed user' }

const files: ReadonlyArray<File> = [
  { id: '123', name: 'Contract.pdf', folders: ['0'], sharedLink: null },
  { id: '456', name: 'Drawing.dwg', folders: ['0', '789'], sharedLink: 'https://app.box.com/s/sandbox456' },
]

const lifetimes: Lifetimes = { access: 3600, refresh: 60 * 24 * 3600, code: 30, device: 600, interval: 5 }

const endpointsAt = (url: string): Endpoints => ({
  issuer: url,
  authorize: `${url}/api/oauth2/authorize`,
  token: `${url}/oauth2/token`,
  revoke: `${url}/oauth2/revoke`,
  deviceAuthorization: `${url}/oauth2/device_authorization`,
  activate: `${url}/activate`,
  api: `${url}/2.0`,
  metadata: `${url}/.well-known/oauth-authorization-server`,
})

const callbackIssuer = (option: boolean | string | undefined, issuer: string): string | null => {
  if (typeof option === 'string') return option
  return option === false ? null : issuer
}

export const makeWorld = (
  url: string,
  clock: Clock,
  options: SandboxOptions,
  registrations: ReadonlyArray<Registration>,
): World => ({
  dialect: options.dialect ?? 'box',
  identityKey: makeIdentityKey(),
  clock,
  journal: makeJournal(),
  endpoints: endpointsAt(url),
  lifetimes: { ...lifetimes, ...options.ttl },
  enterprise,
  serviceAccount: serviceAccount.id,
  callbackIssuer: callbackIssuer(options.callbackIssuer, url),
  clients: new Map(registrations.map((one) => [one.client.id, one])),
  users: new Map([serviceAccount, appUser, managedUser].map((user) => [user.id, user])),
  files: new Map(files.map((file) => [file.id, file])),
  codes: new Map(),
  devices: new Map(),
  tickets: new Map(),
  access: new Map(),
  refresh: new Map(),
  assertions: new Map(),
  rotation: options.rotation ?? 'grace-until-use',
})

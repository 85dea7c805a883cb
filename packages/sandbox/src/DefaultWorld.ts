/**
 * The world as it is when the server starts: one enterprise, three users, two folders, two files, two applications.
 */
import type { Registration } from './Client.js'
import type { Clock } from './Clock.js'
import { makeDpop } from './Dpop.js'
import { nameOf } from './Hosts.js'
import { makeIdentityKey } from './IdentityKey.js'
import { makeJournal } from './Journal.js'
import type { SandboxOptions } from './Sandbox.js'
import type { Endpoints, File, Folder, Lifetimes, User, World } from './World.js'

const enterprise = '4242'

const serviceAccount: User = {
  id: '7000',
  name: 'Sandbox service account',
  login: 'AutomationUser_4242@boxdevedition.com',
  kind: 'service account',
}
export const appUser: User = { id: '7001', name: 'Ada App', login: 'AppUser_7001@boxdevedition.com', kind: 'app user' }
const managedUser: User = { id: '7002', name: 'Max Managed', login: 'max@example.com', kind: 'managed user' }

const files: ReadonlyArray<File> = [
  { id: '123', name: 'Contract.pdf', folders: ['0'], sharedLink: null, content: 'The content of a contract.\n' },
  {
    id: '456',
    name: 'Drawing.dwg',
    folders: ['0', '789'],
    sharedLink: 'https://app.box.com/s/sandbox456',
    content: 'The content of a drawing.\n',
  },
]

const folders: ReadonlyArray<Folder> = [
  { id: '0', name: 'All Files', folders: [] },
  { id: '789', name: 'Drawings', folders: ['0'] },
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
  hosts: new Set((options.allowedHosts ?? []).map(nameOf)),
  lifetimes: { ...lifetimes, ...options.ttl },
  enterprise: options.settings?.enterpriseID ?? enterprise,
  serviceAccount: serviceAccount.id,
  callbackIssuer: callbackIssuer(options.callbackIssuer, url),
  clients: new Map(registrations.map((one) => [one.client.id, one])),
  users: new Map([serviceAccount, appUser, managedUser, ...(options.users ?? [])].map((user) => [user.id, user])),
  files: new Map(files.map((file) => [file.id, file])),
  folders: new Map(folders.map((folder) => [folder.id, folder])),
  downloads: new Map(),
  codes: new Map(),
  devices: new Map(),
  tickets: new Map(),
  access: new Map(),
  refresh: new Map(),
  assertions: new Map(),
  dpop: options.dpop === undefined ? null : makeDpop(options.dpop),
  rotation: options.rotation ?? 'grace-until-use',
})

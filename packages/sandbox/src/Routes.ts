/**
 * Which path and method is which handler.
 */

import { answerConsent, showConsent } from './Authorize.js'
import { answerActivation, deviceAuthorization, showActivation } from './Device.js'
import { checkUpload, deleteFile, download, downloadFile, readFile, writeFile } from './Files.js'
import { listFolder } from './Folders.js'
import { keys, userInfo } from './Identity.js'
import type { Handler } from './Incoming.js'
import type { Endpoint } from './Journal.js'
import { metadata } from './Metadata.js'
import { revoke } from './Revoke.js'
import { token } from './Token.js'
import { currentUser } from './Users.js'

export interface Route {
  readonly endpoint: Endpoint
  readonly path: RegExp
  readonly methods: Readonly<Record<string, Handler>>
  /** How many bytes of body are read. */
  readonly limit: number
}

const formLimit = 64 * 1024
const uploadLimit = 8 * 1024 * 1024

const route = (endpoint: Endpoint, path: RegExp, methods: Route['methods'], limit = formLimit): Route => ({
  endpoint,
  path,
  methods,
  limit,
})

const routes: ReadonlyArray<Route> = [
  route('authorize', /^\/api\/oauth2\/authorize$/, { GET: showConsent, POST: answerConsent }),
  route('token', /^\/oauth2\/token$/, { POST: token }),
  route('revoke', /^\/oauth2\/revoke$/, { POST: revoke }),
  route('device_authorization', /^\/oauth2\/device_authorization$/, { POST: deviceAuthorization }),
  route('activate', /^\/activate$/, { GET: showActivation, POST: answerActivation }),
  route('metadata', /^\/\.well-known\/(oauth-authorization-server|openid-configuration)$/, { GET: metadata }),
  route('metadata', /^\/jwks$/, { GET: keys }),
  route('api', /^\/userinfo$/, { GET: userInfo }),
  route('api', /^\/2\.0\/users\/me$/, { GET: currentUser }),
  route('api', /^\/2\.0\/files\/content\/?$/, { OPTIONS: checkUpload }),
  route(
    'api',
    /^\/2\.0\/files\/[^/]+$/,
    { GET: readFile, PUT: writeFile, POST: writeFile, DELETE: deleteFile },
    uploadLimit,
  ),
  route('api', /^\/2\.0\/files\/[^/]+\/content$/, { GET: downloadFile }),
  route('api', /^\/2\.0\/folders\/[^/]+\/items$/, { GET: listFolder }),
  route('api', /^\/download$/, { GET: download }),
]

const nowhere = (path: string): Route => route(path.startsWith('/2.0/') ? 'api' : 'unknown', /^/, {})

/** The route of a path; one without methods where there is none. */
export const findRoute = (path: string): Route => routes.find((one) => one.path.test(path)) ?? nowhere(path)

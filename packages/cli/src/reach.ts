/**
 * Where a profile's token may go.
 */
import { secureOrigins } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { originsOf, type Provider } from './provider.js'

/** Whether an origin is https, or http where that is allowed. */
export const isSecure = (origin: string, { allowHttp }: Pick<Provider, 'allowHttp'>): boolean =>
  E.isRight(secureOrigins({ field: 'origins', urls: [origin], allowHttp }))

/** The origins that get it: those of the profile that are secure. */
export const reachOf = (provider: Provider): ReadonlyArray<string> =>
  originsOf(provider).filter((origin) => isSecure(origin, provider))

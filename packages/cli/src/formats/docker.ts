/**
 * The protocol of Docker's credential helpers (docker/docker-credential-helpers).
 */
import { Secret, type TokenSet } from '@tessera/core'

/** What Docker takes for "ask the next, or go without": word for word. */
export const NOT_FOUND = 'credentials not found in native keychain'

/** The host that a registry's address names, which may have no scheme. */
export const hostOf = (address: string): string | undefined => {
  const url = address.includes('://') ? address : `https://${address}`
  return URL.canParse(url) ? new URL(url).host : undefined
}

/** The user name that registries take with an OAuth token. */
const USERNAME = 'oauth2accesstoken'

/** The credential for a registry. */
export const docker = ({ accessToken }: TokenSet, address: string, username = USERNAME): string =>
  JSON.stringify({ ServerURL: address, Username: username, Secret: Secret.open(accessToken) })

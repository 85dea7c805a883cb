import { hasRedis, INSTALL } from '@tessera/local-redis'

/** `describe`, or where there is no Redis, a suite that says so. */
export const describeRedis = (name: string, body: () => void): void => {
  if (hasRedis()) describe(name, body)
  else test(`${name}: not tested without redis-server (${INSTALL})`, () => expect(hasRedis()).toBe(false))
}

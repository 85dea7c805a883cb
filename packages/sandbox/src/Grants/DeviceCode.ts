/**
 * `urn:ietf:params:oauth:grant-type:device_code`: RFC 8628 §3.4 and §3.5.
 */
import { refusal } from '../Answer.js'
import { idTokenMember } from '../Identity.js'
import { fail, ok } from '../Result.js'
import { issuePair, openSession, tokenAnswer } from '../Tokens.js'
import { type Grant, invalidGrant, missing } from './Grant.js'

export const deviceCode: Grant = (world, form, asker) => {
  const value = form.get('device_code')
  if (value === undefined) return missing('device_code')
  const device = world.devices.get(value)
  if (device === undefined || device.clientId !== asker.client.id || device.state.tag === 'spent')
    return invalidGrant('The device_code is invalid')
  const now = world.clock.now()
  if (now >= device.expiresAt) return fail(refusal('expired_token', 'The device_code has expired'))
  switch (device.state.tag) {
    case 'denied':
      return fail(refusal('access_denied', 'The user denied access to your application'))
    case 'approved': {
      const session = openSession(device.clientId, device.state.userId, device.scope)
      device.state = { tag: 'spent' }
      return ok(tokenAnswer(world, issuePair(world, session), idTokenMember(world, session)))
    }
    case 'pending': {
      const early = device.polledAt !== null && now - device.polledAt < device.interval * 1000
      device.polledAt = now
      if (!early) return fail(refusal('authorization_pending', 'The user has not yet answered'))
      device.interval += 5
      return fail(refusal('slow_down', `Wait ${device.interval} seconds between two requests`))
    }
  }
}

/**
 * Device authorization (RFC 8628): the endpoint that the device asks, and the page that its owner opens.
 */
import { type Answer, html, json, type Refusal, refusal, refused } from './Answer.js'
import { authenticateClient } from './ClientAuthentication.js'
import { parseForm } from './Form.js'
import { formOf, type Handler, type Incoming } from './Incoming.js'
import { consentPage, messagePage, userCodePage } from './Pages.js'
import { randomText, randomToken } from './Random.js'
import { fail, ok, type Result } from './Result.js'
import { allowedBy, parseScope } from './Scope.js'
import { openTicket, people, takeTicket } from './Tickets.js'
import type { Device, World } from './World.js'

// RFC 8628 §6.1: no vowels, so that no words come about, and nothing that looks like something else
const letters = 'BCDFGHJKLMNPQRSTVWXZ'

const startDevice = (world: World, request: Incoming): Result<Refusal, Answer> => {
  const form = formOf(request)
  if (!form.ok) return form
  const asker = authenticateClient(world, form.value, request.authorization)
  if (!asker.ok) return asker
  const client = asker.value.client
  if (!client.grants.includes('urn:ietf:params:oauth:grant-type:device_code'))
    return fail(refusal('unauthorized_client', 'The grant type is unauthorized for this client_id'))
  const wanted = form.value.get('scope')
  const scope = wanted === undefined ? client.scope : parseScope(wanted)
  if (!allowedBy(client.scope, scope))
    return fail(refusal('invalid_scope', 'The scope is unknown or exceeds the one of the application'))
  const { device: lifetime, interval } = world.lifetimes
  const device: Device = {
    deviceCode: randomToken('device'),
    userCode: `${randomText(4, letters)}-${randomText(4, letters)}`,
    clientId: client.id,
    scope,
    expiresAt: world.clock.now() + lifetime * 1000,
    interval,
    polledAt: null,
    state: { tag: 'pending' },
  }
  world.devices.set(device.deviceCode, device)
  const uri = world.endpoints.activate
  return ok(
    json(200, {
      device_code: device.deviceCode,
      user_code: device.userCode,
      verification_uri: uri,
      verification_uri_complete: `${uri}?user_code=${device.userCode}`,
      expires_in: lifetime,
      interval,
    }),
  )
}

export const deviceAuthorization: Handler = (world, request) => {
  const result = startDevice(world, request)
  return result.ok ? result.value : refused(result.error)
}

const plain = (userCode: string): string => userCode.toUpperCase().replace(/[^A-Z]/g, '')

/** The device that awaits an answer under this code; people may write it with or without the hyphen. */
const pendingDevice = (world: World, userCode: string): Device | undefined =>
  [...world.devices.values()].find(
    (device) =>
      plain(device.userCode) === plain(userCode) &&
      device.state.tag === 'pending' &&
      world.clock.now() < device.expiresAt,
  )

/** `GET /activate`: asks for the code, then for consent. */
export const showActivation: Handler = (world, request) => {
  const { activate } = world.endpoints
  const query = parseForm(request.query)
  const userCode = query.ok ? query.value.get('user_code') : undefined
  if (userCode === undefined) return html(200, userCodePage(activate))
  const device = pendingDevice(world, userCode)
  if (device === undefined) return html(400, userCodePage(activate, 'This code is unknown, expired or already used.'))
  return html(
    200,
    consentPage({
      action: activate,
      ticket: openTicket(world, { tag: 'device', expiresAt: device.expiresAt, device }),
      app: world.clients.get(device.clientId)?.client.name ?? device.clientId,
      scope: device.scope,
      users: people(world),
      userCode: device.userCode,
    }),
  )
}

/** `POST /activate`: the person's answer. */
export const answerActivation: Handler = (world, request) => {
  const form = formOf(request)
  if (!form.ok) return html(form.error.status, messagePage('This request cannot be answered', form.error.description))
  const user = people(world).find((one) => one.id === form.value.get('user'))
  const decision = form.value.get('decision')
  if (user === undefined || (decision !== 'grant' && decision !== 'deny'))
    return html(400, messagePage('This request cannot be answered', 'The form is incomplete.'))
  const device = takeTicket(world, 'device', form.value.get('ticket'))?.device
  if (device === undefined || device.state.tag !== 'pending')
    return html(400, messagePage('This page has expired', 'It was answered already, or took too long. Start again.'))
  device.state = decision === 'grant' ? { tag: 'approved', userId: user.id } : { tag: 'denied' }
  return decision === 'grant'
    ? html(200, messagePage('Access granted', 'You can go back to your device.'))
    : html(200, messagePage('Access denied', 'Your device gets no access. You can close this page.'))
}

/**
 * The authorization endpoint: RFC 6749 §4.1.1, PKCE (RFC 7636), `iss` (RFC 9207).
 *
 * Until client and redirect URI are known to belong together, every error is a page: a redirect could go anywhere.
 */
import { type Answer, html, type Refusal, redirect, refusal } from './Answer.js'
import { acceptsRedirect, type Client } from './Client.js'
import { type Form, parseForm } from './Form.js'
import { newCode } from './Grants/AuthorizationCode.js'
import { formOf, type Handler } from './Incoming.js'
import { consentPage, messagePage } from './Pages.js'
import { fail, ok, type Result } from './Result.js'
import { allowedBy, parseScope } from './Scope.js'
import { openTicket, patience, people, takeTicket } from './Tickets.js'
import type { Ticket, World } from './World.js'

const errorPage = (description: string, status = 400): Answer =>
  html(status, messagePage('This request cannot be answered', description))

interface Destination {
  readonly client: Client
  readonly redirectUri: string
}

/** Where the answer may go; the failure is what the page says. */
const destination = (world: World, query: Form): Result<string, Destination> => {
  if (query.repeated.has('client_id') || query.repeated.has('redirect_uri'))
    return fail('client_id and redirect_uri must not be given more than once.')
  const client = world.clients.get(query.get('client_id') ?? '')?.client
  if (client === undefined) return fail('The client_id is missing or unknown.')
  const [registered, ...more] = client.redirectUris
  const given = query.get('redirect_uri')
  if (given !== undefined)
    return acceptsRedirect(client, given)
      ? ok({ client, redirectUri: given })
      : fail('The redirect_uri is not one of those that the application registered.')
  // RFC 6749 §3.1.2.3: it may be left out only where there is no choice
  return registered === undefined || more.length > 0
    ? fail('The redirect_uri is missing, and the application registered more than one.')
    : ok({ client, redirectUri: registered })
}

interface Wish {
  readonly scope: ReadonlyArray<string>
  readonly challenge: string | null
  readonly nonce: string | null
}

const invalid = (description: string): Result<Refusal, never> => fail(refusal('invalid_request', description))

/** What is asked for; the failure is redirected to the application. */
const wish = (client: Client, query: Form): Result<Refusal, Wish> => {
  if (query.repeated.size > 0) return invalid('A parameter must not be included more than once')
  const responseType = query.get('response_type')
  if (responseType === undefined) return invalid('The response_type is missing')
  if (responseType !== 'code') return fail(refusal('unsupported_response_type', 'The response_type is not supported'))
  if (!client.grants.includes('authorization_code'))
    return fail(refusal('unauthorized_client', 'The application may not use this flow'))
  if ((query.get('response_mode') ?? 'query') !== 'query') return invalid('The response_mode is not supported')
  const challenge = query.get('code_challenge') ?? null
  const method = query.get('code_challenge_method')
  if (challenge === null && method !== undefined) return invalid('The code_challenge is missing')
  if (challenge === null && client.secret === null) return invalid('A public client must send a code_challenge')
  // RFC 7636 §4.3: a missing method means plain, and plain is refused
  if (challenge !== null && method !== 'S256') return invalid('The code_challenge_method must be S256')
  if (challenge !== null && !/^[A-Za-z0-9_-]{43}$/.test(challenge)) return invalid('The code_challenge is malformed')
  const wanted = query.get('scope')
  const scope = wanted === undefined ? client.scope : parseScope(wanted)
  if (!allowedBy(client.scope, scope))
    return fail(refusal('invalid_scope', 'The scope is unknown or exceeds the one of the application'))
  return ok({ scope, challenge, nonce: query.get('nonce') ?? null })
}

/** Appends parameters without touching what the application registered (RFC 6749 §3.1.2). */
const callback = (
  world: World,
  redirectUri: string,
  state: string | null,
  parameters: Readonly<Record<string, string>>,
): string => {
  const query = new URLSearchParams({
    ...parameters,
    ...(state === null ? {} : { state }),
    ...(world.callbackIssuer === null ? {} : { iss: world.callbackIssuer }),
  })
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query}`
}

/** `GET`: the consent page. */
export const showConsent: Handler = (world, request) => {
  const query = parseForm(request.query)
  if (!query.ok) return errorPage(query.error.description)
  const to = destination(world, query.value)
  if (!to.ok) return errorPage(to.error)
  const { client, redirectUri } = to.value
  const state = query.value.repeated.has('state') ? null : (query.value.get('state') ?? null)
  const asked = wish(client, query.value)
  if (!asked.ok) {
    const { error, description } = asked.error
    return redirect(302, callback(world, redirectUri, state, { error, error_description: description }))
  }
  const { scope, challenge, nonce } = asked.value
  const ticket = openTicket(world, {
    tag: 'authorize',
    expiresAt: world.clock.now() + patience,
    clientId: client.id,
    redirectUri,
    state,
    scope,
    challenge,
    nonce,
  })
  const users = people(world)
  return html(200, consentPage({ action: world.endpoints.authorize, ticket, app: client.name, scope, users }))
}

const grantCode = (world: World, ticket: Extract<Ticket, { tag: 'authorize' }>, userId: string): string => {
  const code = newCode({
    clientId: ticket.clientId,
    userId,
    scope: ticket.scope,
    redirectUri: ticket.redirectUri,
    challenge: ticket.challenge,
    nonce: ticket.nonce,
    expiresAt: world.clock.now() + world.lifetimes.code * 1000,
  })
  world.codes.set(code.value, code)
  return code.value
}

/** `POST`: the person's answer. */
export const answerConsent: Handler = (world, request) => {
  const form = formOf(request)
  if (!form.ok) return errorPage(form.error.description, form.error.status)
  const user = people(world).find((one) => one.id === form.value.get('user'))
  const decision = form.value.get('decision')
  if (user === undefined || (decision !== 'grant' && decision !== 'deny')) return errorPage('The form is incomplete.')
  const ticket = takeTicket(world, 'authorize', form.value.get('ticket'))
  if (ticket === undefined) return errorPage('This page has expired, or was answered already. Start again.')
  const parameters: Readonly<Record<string, string>> =
    decision === 'grant'
      ? { code: grantCode(world, ticket, user.id) }
      : { error: 'access_denied', error_description: 'The user denied access to your application' }
  return redirect(303, callback(world, ticket.redirectUri, ticket.state, parameters))
}

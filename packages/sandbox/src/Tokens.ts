/**
 * Issuing, finding and killing tokens.
 */
import { type Answer, json } from './Answer.js'
import { randomToken } from './Random.js'
import type { AccessToken, Pair, RefreshToken, Resource, Session, World } from './World.js'

export const openSession = (
  clientId: string,
  userId: string,
  scope: ReadonlyArray<string>,
  parent: Session | null = null,
): Session => ({ id: randomToken('session'), clientId, userId, scope, parent, alive: true })

export const sessionAlive = (session: Session): boolean =>
  session.alive && (session.parent === null || sessionAlive(session.parent))

/** Narrower than its session, or shorter than usual. */
export interface AccessLimits {
  readonly scope?: ReadonlyArray<string>
  readonly resource?: Resource | null
  /** In milliseconds since the epoch. */
  readonly notAfter?: number
}

export const issueAccess = (world: World, session: Session, limits: AccessLimits = {}): AccessToken => {
  const access: AccessToken = {
    value: randomToken('at'),
    session,
    scope: limits.scope ?? session.scope,
    resource: limits.resource ?? null,
    expiresAt: Math.min(world.clock.now() + world.lifetimes.access * 1000, limits.notAfter ?? Number.POSITIVE_INFINITY),
    used: false,
  }
  world.access.set(access.value, access)
  world.journal.accessIssued += 1
  return access
}

export const issueRefresh = (world: World, session: Session, generation: number): RefreshToken => {
  const refresh: RefreshToken = {
    value: randomToken('rt'),
    session,
    generation,
    expiresAt: world.clock.now() + world.lifetimes.refresh * 1000,
    successor: null,
    attempts: 0,
    honoured: 0,
  }
  world.refresh.set(refresh.value, refresh)
  world.journal.refreshIssued += 1
  return refresh
}

/** The first access and refresh token of a session. */
export const issuePair = (
  world: World,
  session: Session,
): { readonly access: AccessToken; readonly refresh: RefreshToken } => ({
  access: issueAccess(world, session),
  refresh: issueRefresh(world, session, 1),
})

export const accessActive = (world: World, token: AccessToken): boolean =>
  sessionAlive(token.session) && world.clock.now() < token.expiresAt

/** Kills a session: no token of it works from now on. */
export const killSession = (world: World, session: Session): void => {
  if (!session.alive) return
  const now = world.clock.now()
  for (const token of world.access.values())
    if (token.session === session && token.expiresAt > now) world.journal.tokensRevoked += 1
  for (const token of world.refresh.values())
    if (token.session === session && token.successor === null) world.journal.tokensRevoked += 1
  session.alive = false
}

/** The token answer of Box (RFC 6749 §5.1, with Box's `restricted_to`). */
export const tokenAnswer = (world: World, pair: Pair, extra: Readonly<Record<string, unknown>> = {}): Answer =>
  json(200, {
    access_token: pair.access.value,
    expires_in: Math.max(0, Math.ceil((pair.access.expiresAt - world.clock.now()) / 1000)),
    restricted_to: restrictions(world, pair.access),
    ...(pair.refresh === null ? {} : { refresh_token: pair.refresh.value }),
    token_type: 'bearer',
    ...extra,
  })

const restrictions = (world: World, token: AccessToken): ReadonlyArray<unknown> => {
  const resource = token.resource
  if (resource === null) return []
  const name = resource.type === 'file' ? world.files.get(resource.id)?.name : undefined
  return token.scope.map((scope) => ({
    scope,
    object: { type: resource.type, id: resource.id, ...(name === undefined ? {} : { name }) },
  }))
}

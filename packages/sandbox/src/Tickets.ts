/**
 * Consent pages under way. The random id in the form proves that it was this server's page that was answered.
 */
import { randomToken } from './Random.js'
import type { Ticket, User, World } from './World.js'

/** How long a page may stay open, in milliseconds of the server's clock. */
export const patience = 10 * 60 * 1000

export const openTicket = (world: World, ticket: Ticket): string => {
  const id = randomToken('ticket')
  world.tickets.set(id, ticket)
  return id
}

/** Takes a ticket: it can be answered once, in time, and on the page that it was made for. */
export const takeTicket = <T extends Ticket['tag']>(
  world: World,
  tag: T,
  id: string | undefined,
): Extract<Ticket, { tag: T }> | undefined => {
  const ticket = world.tickets.get(id ?? '')
  if (id === undefined || ticket === undefined || ticket.tag !== tag) return undefined
  world.tickets.delete(id)
  // the tag was compared just above, which the compiler cannot carry over to a type parameter
  return world.clock.now() < ticket.expiresAt ? (ticket as Extract<Ticket, { tag: T }>) : undefined
}

/** Who can sit in front of a browser. */
export const people = (world: World): ReadonlyArray<User> =>
  [...world.users.values()].filter((user) => user.kind !== 'service account')

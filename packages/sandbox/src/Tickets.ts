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

type TicketOf<T extends Ticket['tag']> = Extract<Ticket, { tag: T }>

const isFor = <T extends Ticket['tag']>(ticket: Ticket | undefined, tag: T): ticket is TicketOf<T> =>
  ticket?.tag === tag

/** Takes a ticket: it can be answered once, in time, and on the page that it was made for. */
export const takeTicket = <T extends Ticket['tag']>(
  world: World,
  tag: T,
  id: string | undefined,
): TicketOf<T> | undefined => {
  const ticket = world.tickets.get(id ?? '')
  if (id === undefined || !isFor(ticket, tag)) return undefined
  world.tickets.delete(id)
  return world.clock.now() < ticket.expiresAt ? ticket : undefined
}

/** Who can sit in front of a browser. */
export const people = (world: World): ReadonlyArray<User> =>
  [...world.users.values()].filter((user) => user.kind !== 'service account')

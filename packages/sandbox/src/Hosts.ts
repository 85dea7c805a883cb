/**
 * The names under which this server is meant. A page on the web can make a name of its own lead to 127.0.0.1, and its requests then
 * count as being to its own origin (DNS rebinding): the name in the Host header is what tells them apart.
 */
import type { World } from './World.js'

/** The name in a Host header (RFC 9110 §7.2): in lower case, without port and final dot. */
export const nameOf = (host: string): string => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')

// `localhost` and all below it lead to the loopback interface (RFC 6761 §6.3)
const loopback = /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Is a request with this Host header meant for the server? One without the header comes from no browser. */
export const isOwnHost = (world: World, host: string | undefined): boolean =>
  host === undefined || loopback.test(nameOf(host)) || world.hosts.has(nameOf(host))

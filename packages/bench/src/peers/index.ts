import type { Endpoints } from '../server/TokenServer.js'
import { badgateway } from './badgateway.js'
import { boxNodeSdk } from './boxNodeSdk.js'
import { googleAuthLibrary } from './googleAuthLibrary.js'
import { jsonwebtoken } from './jsonwebtoken.js'
import { msalNode } from './msalNode.js'
import { oauth4webapi } from './oauth4webapi.js'
import { openidClient } from './openidClient.js'
import type { Ask, Peer, SigningKey } from './Peer.js'
import { simpleOauth2 } from './simpleOauth2.js'
import { smithy } from './smithy.js'

/** All of them. */
export const peers: ReadonlyArray<Peer> = [
  boxNodeSdk,
  googleAuthLibrary,
  msalNode,
  simpleOauth2,
  openidClient,
  oauth4webapi,
  badgateway,
  smithy,
]

/** Those that do the work of a row, and how each begins to. */
export const peersThat = (
  work: 'cached' | 'expired' | 'renewing',
): ReadonlyArray<{ readonly peer: Peer; readonly open: (session: Endpoints) => Promise<Ask> }> =>
  peers.flatMap((peer) => {
    const open = peer[work]
    return open === undefined ? [] : [{ peer, open }]
  })

/** Those that sign, and jsonwebtoken, with which many do. */
export const signers: ReadonlyArray<{ readonly name: string; readonly open: (key: SigningKey) => Promise<Ask> }> = [
  ...peers,
  jsonwebtoken,
].flatMap(({ name, signing }) => (signing === undefined ? [] : [{ name, open: signing }]))

import { badgateway } from './badgateway.js'
import { boxNodeSdk } from './boxNodeSdk.js'
import { googleAuthLibrary } from './googleAuthLibrary.js'
import { msalNode } from './msalNode.js'
import { oauth4webapi } from './oauth4webapi.js'
import { openidClient } from './openidClient.js'
import type { Peer } from './Peer.js'
import { simpleOauth2 } from './simpleOauth2.js'
import { smithy } from './smithy.js'

/** All of them, as far as they do the work of a row. */
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

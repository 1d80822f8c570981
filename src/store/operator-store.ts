/** The core's `OperatorStore` over PostgreSQL. */
import type { OperatorStore } from '../core/operator/operator-store.ts';
import type { Database } from '../postgres/connection.ts';
import { changeChannel } from './channel-settings.ts';
import { decideDocument, readFile } from './compliance.ts';
import { readConversion } from './conversion.ts';
import { createCredential, revokeCredential } from './credentials.ts';
import { changeMerchant, createAccount, createChannel, createMerchant } from './merchants.ts';
import {
  activateEndpoint,
  changeEndpoint,
  createEndpoint,
  findEndpoint,
  pauseEndpoint,
  removeEndpoint,
  replay,
  resumeEndpoint,
} from './operator-endpoints.ts';
import { readListPage } from './operator-lists.ts';
import { createOperator, findOperator, revokeOperator } from './operators.ts';
import { removeTemplate, writeTemplate } from './page-templates.ts';
import { fundPayouts } from './payout-funding.ts';
import { addRule, cardOfPayment, removeRule } from './risk-rules.ts';

/** `emailFields`: under which names dialects keep the shopper's e-mail in an operation's data. */
export function createOperatorStore(database: Database, { emailFields }: { readonly emailFields: readonly string[] }): OperatorStore {
  return {
    page: (request) => readListPage(database, request),
    createMerchant: (merchant) => createMerchant(database, merchant),
    changeMerchant: (change) => changeMerchant(database, change),
    createAccount: (account) => createAccount(database, account),
    createChannel: (channel) => createChannel(database, channel),
    changeChannel: (change) => changeChannel(database, change),
    createCredential: (credential) => createCredential(database, credential),
    revokeCredential: (credential) => revokeCredential(database, credential),
    findEndpoint: (endpointId) => findEndpoint(database, endpointId),
    createEndpoint: (endpoint) => createEndpoint(database, endpoint),
    changeEndpoint: (change) => changeEndpoint(database, change),
    pauseEndpoint: (endpoint) => pauseEndpoint(database, endpoint),
    resumeEndpoint: (endpoint) => resumeEndpoint(database, endpoint),
    activateEndpoint: (endpoint) => activateEndpoint(database, endpoint),
    removeEndpoint: (endpoint) => removeEndpoint(database, endpoint),
    replay: (order) => replay(database, order),
    decideDocument: (decision) => decideDocument(database, decision),
    readDocument: (asked) => readFile(database, asked),
    addRiskRule: (rule) => addRule(database, rule),
    removeRiskRule: (rule) => removeRule(database, rule),
    writeTemplate: (template) => writeTemplate(database, template),
    removeTemplate: (template) => removeTemplate(database, template),
    cardOfPayment: (key) => cardOfPayment(database, key),
    fundPayouts: (funding) => fundPayouts(database, funding),
    conversion: (request) => readConversion(database, request, emailFields),
    findOperator: (keyHash) => findOperator(database, keyHash),
    createOperator: (operator) => createOperator(database, operator),
    revokeOperator: (operator) => revokeOperator(database, operator),
  };
}

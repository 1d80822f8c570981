/** What endpoints can answer, in groups: codes of what was recorded, and of what was refused, by what the request is about. */
import { declineCodes, failureCodes, rejectionCodes } from './refusals.ts';
import type { ResultCode } from './result-codes.ts';

const successes = ['000.000.000', '000.400.040', '000.100.110', '000.100.112', '000.200.000'] as const;
const failures: readonly ResultCode[] = ['900.100.301', ...Object.values(declineCodes), ...Object.values(failureCodes)];
export const firstOutcomes: readonly ResultCode[] = [...successes, ...failures, ...Object.values(rejectionCodes)];

export const ofAmounts = ['100.550.300', '100.550.301', '100.550.303', '100.550.400', '100.550.401'] as const;
export const ofKeys = ['200.200.106', '800.600.100'] as const;
export const ofTypes = ['600.200.400', '600.200.500'] as const;
export const ofCards = [
  ...(['100.100.100', '100.100.200', '100.100.201', '100.100.300', '100.100.301', '100.100.305', '100.100.400', '100.100.401'] as const),
  ...(['100.100.500', '100.100.501', '100.200.100', '100.200.104', '100.210.101', '600.200.201'] as const),
] as const;
export const ofTokens = ['100.150.101', '100.150.200', '100.150.202', '100.150.203'] as const;
export const ofPeople = [
  ...(['100.700.101', '100.700.201', '100.700.500', '100.700.802', '100.900.101', '100.900.105', '100.900.200', '100.900.300'] as const),
  ...(['100.900.401', '100.900.450', '100.800.101', '100.800.201', '100.800.301', '100.800.401', '100.800.501'] as const),
] as const;
export const ofForms = ['100.300.101', '100.370.102'] as const;
export const ofAuthentication = ['100.370.121', '100.370.125', '100.390.101'] as const;
export const ofReferences = [
  '700.100.400',
  '700.100.500',
  '700.300.200',
  '700.400.100',
  '700.400.200',
  '700.400.300',
  '700.400.510',
  '700.400.520',
] as const;
export const ofSettled = ['700.300.700'] as const;
export const ofBusyReferences = ['700.400.530', '700.400.570', '700.400.700', '800.700.100'] as const;
export const ofRebills = ['700.100.100', '700.300.100', '700.300.300'] as const;
export const ofAgreements = ['100.900.500', '600.200.501'] as const;
export const ofBalances = ['800.100.164'] as const;

export const ofBanks = ['100.370.101', '600.200.100', '600.200.310'] as const;
export const ofReceipts = ['600.200.201', '600.200.310', '700.300.800', '700.400.101', '700.400.560', '700.400.562'] as const;
/** The money of an order has not come; a payment at a bank that nobody made, or that the bank would not do. */
export const bankOutcomes: readonly ResultCode[] = ['800.400.500', '100.395.501', '100.397.102'];

export const ofJobs = ['100.150.100', '100.250.100', '100.250.105', '100.250.110', '100.250.120'] as const;
export const authenticationOutcomes: readonly ResultCode[] = [
  ...(['000.000.000', '000.100.110', '000.100.112', '000.200.000', '000.400.101', '000.400.107'] as const),
  ...(['100.380.401', '100.390.100', '100.396.101', '100.396.103'] as const),
];

/** What was done without asking anybody. */
export const accepted: readonly ResultCode[] = ['000.000.000', '000.100.110', '000.100.112'];

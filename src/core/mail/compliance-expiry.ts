/** The mail that tells a merchant that a PCI DSS document ends. */
import type { DocumentType } from '../compliance/document.ts';
import type { MailContent, MailKind, MailLanguage } from './content.ts';

export type ComplianceExpiry = {
  readonly merchantName: string;
  readonly type: DocumentType;
  /** Business time, epoch ms. */
  readonly validUntilMs: number;
};

interface Words {
  readonly title: string;
  readonly text: (merchant: string) => string;
  readonly merchant: string;
  readonly document: string;
  readonly until: string;
  readonly names: Readonly<Record<DocumentType, string>>;
}

const words: Readonly<Record<MailLanguage, Words>> = {
  en: {
    title: 'A PCI DSS document expires soon',
    text: (merchant) =>
      `Hand in a new one for ${merchant} in time. Without it, payments with card data of your own are refused; hosted pages go on.`,
    ...{ merchant: 'Merchant', document: 'Document', until: 'Valid until (UTC)' },
    names: { asv_scan: 'ASV scan report', saq: 'Self-assessment questionnaire', aoc: 'Attestation of compliance' },
  },
  de: {
    title: 'Ein PCI-DSS-Dokument läuft bald ab',
    text: (merchant) =>
      `Reichen Sie für ${merchant} rechtzeitig ein neues ein. Ohne es werden Zahlungen mit selbst erhobenen Kartendaten abgelehnt; gehostete Seiten laufen weiter.`,
    ...{ merchant: 'Händler', document: 'Dokument', until: 'Gültig bis (UTC)' },
    names: { asv_scan: 'ASV-Scanbericht', saq: 'Selbstbewertungsfragebogen', aoc: 'Konformitätsbescheinigung' },
  },
  fr: {
    title: 'Un document PCI DSS expire bientôt',
    text: (merchant) =>
      `Déposez à temps un nouveau document pour ${merchant}. Sans lui, les paiements avec vos propres données de carte sont refusés ; les pages hébergées continuent.`,
    ...{ merchant: 'Marchand', document: 'Document', until: 'Valable jusqu’au (UTC)' },
    names: { asv_scan: 'Rapport de scan ASV', saq: 'Questionnaire d’auto-évaluation', aoc: 'Attestation de conformité' },
  },
  es: {
    title: 'Un documento PCI DSS caduca pronto',
    text: (merchant) =>
      `Entregue a tiempo uno nuevo para ${merchant}. Sin él se rechazan los pagos con datos de tarjeta propios; las páginas alojadas siguen.`,
    ...{ merchant: 'Comercio', document: 'Documento', until: 'Válido hasta (UTC)' },
    names: { asv_scan: 'Informe de escaneo ASV', saq: 'Cuestionario de autoevaluación', aoc: 'Atestación de cumplimiento' },
  },
};

export const complianceExpiry: MailKind<ComplianceExpiry> = {
  write({ merchantName, type, validUntilMs }, { language, time }): MailContent {
    const say = words[language];
    return {
      ...{ subject: `${say.title}: ${say.names[type]}`, heading: say.title, paragraphs: [say.text(merchantName)] },
      facts: [
        { label: say.merchant, value: merchantName },
        { label: say.document, value: say.names[type] },
        { label: say.until, value: time(validUntilMs) },
      ],
    };
  },
};

#ifndef FACTS_X509_H
#define FACTS_X509_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * x509: who a certificate is for, who says so, and until when; RFC 5280.
 * Nothing in it is verified.
 */
struct x509 {
	struct buf	subject;	/* "C=DE, O=Example, CN=www" */
	struct buf	issuer;
	char		not_after[24];	/* "2030-01-31T12:00:00Z" */
};

/* Fill c, whose bufs are emptied first, from the DER of one certificate.
 * False if it is none. */
bool	x509_parse(struct x509 *c, struct str der);
void	x509_clear(struct x509 *c);

#endif

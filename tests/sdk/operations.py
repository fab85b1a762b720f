"""Unmodified boto3 against a running gateway: the operations of the first issue, as an administrator's script calls them.

Usage: operations.py ENDPOINT ACCESS_KEY_ID SECRET_ACCESS_KEY [SAML_METADATA_FILE]

Prints one JSON report {"passed": [names], "failed": {name: why}, "user_pool_id", "client_id"} and exits 0 when nothing
failed. Each refusal stands beside the same call without the mistake, which succeeds. boto3 is only told the endpoint,
the region and the credentials; `parameter_validation=False` lets bad input reach the server where that is the point.
"""

import datetime
import json
import re
import subprocess
import sys
import tempfile
import uuid

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
SIGNATURE_ERRORS = {
    "InvalidSignatureException",
    "UnrecognizedClientException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
    "MissingAuthenticationToken",
    "AccessDeniedException",
    "NotAuthorizedException",
}


def cognito(endpoint, key, secret, **config):
    return boto3.client(
        "cognito-idp",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, **config),
    )


def self_made_metadata():
    """IdP metadata with a fresh certificate; nobody answers at its addresses, and nobody needs to."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=idp"]
            + ["-keyout", f"{folder}/key", "-out", f"{folder}/crt"],
            check=True,
            capture_output=True,
        )
        with open(f"{folder}/crt", encoding="ascii") as file:
            certificate = "".join(file.read().splitlines()[1:-1])
    return (
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.org/saml">'
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
        f"<X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        ' Location="https://idp.example.org/saml/sso"/></IDPSSODescriptor></EntityDescriptor>'
    )


class Report:
    """Runs checks in order and remembers how each ended."""

    def __init__(self):
        self.passed = []
        self.failed = {}
        self.facts = {}

    def check(self, name, work):
        try:
            work()
            self.passed.append(name)
        except Exception as error:  # every failure belongs into the report, whatever its kind
            self.failed[name] = f"{type(error).__name__}: {error}"[:300]

    def refused(self, name, expected, call, message=None):
        """`call` must end with the modelled exception `expected` (a class) or one of these codes (a set)."""

        def work():
            try:
                answer = call()
            except ClientError as error:
                code = error.response["Error"]["Code"]
                known = code in expected if isinstance(expected, set) else isinstance(error, expected)
                assert known, f"another error: {code}: {error}"
                assert message is None or re.search(message, str(error)), f"another message: {error}"
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error.response
                return
            raise AssertionError(f"accepted: {answer}")

        self.check(name, work)


def same(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def recent(moment):
    age = datetime.datetime.now(datetime.UTC) - moment
    assert abs(age) < datetime.timedelta(minutes=5), f"{moment} is not now"


def main(endpoint, key, secret, metadata):
    report = Report()
    client = cognito(endpoint, key, secret)
    unchecked = cognito(endpoint, key, secret, parameter_validation=False)
    errors = client.exceptions
    unique = uuid.uuid4().hex[:12]
    pool = client.create_user_pool(PoolName=f"sdk {unique}", UserPoolTags={"team": "identity"})["UserPool"]
    pool_id = pool["Id"]
    report.facts["user_pool_id"] = pool_id
    unknown_pool = pool_id.split("_")[0] + "_AAAAAAAAA"

    # ---- user pools ----
    def created_pool():
        assert re.fullmatch(r"[\w-]+_[0-9a-zA-Z]{9}", pool_id), pool_id
        same(pool["Name"], f"sdk {unique}")
        assert re.fullmatch(rf"arn:aws:cognito-idp:[\w-]*:\d*:userpool/{pool_id}", pool["Arn"]), pool["Arn"]
        recent(pool["CreationDate"])
        recent(pool["LastModifiedDate"])

    def described_pool():
        described = client.describe_user_pool(UserPoolId=pool_id)["UserPool"]
        same(described["Id"], pool_id)
        same(described["Name"], pool["Name"])
        same(described["CreationDate"], pool["CreationDate"])
        assert "PasswordPolicy" in described["Policies"], described
        names = {attribute["Name"] for attribute in described["SchemaAttributes"]}
        assert {"sub", "email", "email_verified", "name", "phone_number", "updated_at"} <= names, names
        same(described["UserPoolTags"], {"team": "identity"})

    report.check("CreateUserPool", created_pool)
    report.check("DescribeUserPool", described_pool)
    report.refused(
        "DescribeUserPool: unknown pool",
        errors.ResourceNotFoundException,
        lambda: client.describe_user_pool(UserPoolId=unknown_pool),
        f"User pool {unknown_pool} does not exist",
    )
    report.refused(
        "CreateUserPool: missing PoolName",
        errors.InvalidParameterException,
        lambda: unchecked.create_user_pool(),
        "1 validation error detected.*oolName",
    )
    report.refused(
        "CreateUserPool: PoolName of 129 characters",
        errors.InvalidParameterException,
        lambda: client.create_user_pool(PoolName="x" * 129),
        "1 validation error detected",
    )

    # ---- app clients ----
    def public_client():
        made = client.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="app",
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid", "email", "profile"],
            CallbackURLs=["https://app.example.org/callback"],
            SupportedIdentityProviders=["COGNITO"],
        )["UserPoolClient"]
        assert re.fullmatch(r"[a-z0-9]{26}", made["ClientId"]), made
        same(made["UserPoolId"], pool_id)
        same(made["CallbackURLs"], ["https://app.example.org/callback"])
        assert "ClientSecret" not in made, "a public client has no secret"
        recent(made["CreationDate"])
        report.facts["client_id"] = made["ClientId"]

    def confidential_client():
        made = client.create_user_pool_client(UserPoolId=pool_id, ClientName="server", GenerateSecret=True)
        assert re.fullmatch(r"[a-z0-9]{50,52}", made["UserPoolClient"]["ClientSecret"]), made

    report.check("CreateUserPoolClient", public_client)
    report.check("CreateUserPoolClient: GenerateSecret", confidential_client)
    report.refused(
        "CreateUserPoolClient: unknown pool",
        errors.ResourceNotFoundException,
        lambda: client.create_user_pool_client(UserPoolId=unknown_pool, ClientName="app"),
    )

    # ---- domain ----
    domain = f"sdk-{unique}"
    report.check("CreateUserPoolDomain", lambda: client.create_user_pool_domain(Domain=domain, UserPoolId=pool_id))
    report.check(
        "DescribeUserPool: Domain",
        lambda: same(client.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Domain"], domain),
    )
    other_pool = client.create_user_pool(PoolName=f"sdk other {unique}")["UserPool"]["Id"]
    report.refused(
        "CreateUserPoolDomain: taken",
        errors.InvalidParameterException,
        lambda: client.create_user_pool_domain(Domain=domain, UserPoolId=other_pool),
        "Domain already associated with another user pool",
    )
    report.refused(
        "CreateUserPoolDomain: bad characters",
        errors.InvalidParameterException,
        lambda: client.create_user_pool_domain(Domain="Not A Domain", UserPoolId=other_pool),
    )

    # ---- identity providers ----
    oidc = {
        "client_id": "upstream-client",
        "client_secret": "upstream-secret",
        "attributes_request_method": "GET",
        "oidc_issuer": "https://op.example.org",
        "authorize_scopes": "openid email",
        "authorize_url": "https://op.example.org/authorize",
        "token_url": "https://op.example.org/token",
        "attributes_url": "https://op.example.org/userinfo",
        "jwks_uri": "https://op.example.org/jwks",
    }

    def oidc_provider():
        made = client.create_identity_provider(
            UserPoolId=pool_id,
            ProviderName="Corporate",
            ProviderType="OIDC",
            ProviderDetails=oidc,
            AttributeMapping={"email": "email", "username": "sub"},
            IdpIdentifiers=["example.org"],
        )["IdentityProvider"]
        same(made["ProviderType"], "OIDC")
        same(made["ProviderDetails"]["client_id"], "upstream-client")
        same(made["AttributeMapping"], {"email": "email", "username": "sub"})
        same(made["IdpIdentifiers"], ["example.org"])

    def saml_provider():
        made = client.create_identity_provider(
            UserPoolId=pool_id,
            ProviderName="Campus",
            ProviderType="SAML",
            ProviderDetails={"MetadataFile": metadata},
            AttributeMapping={"email": "mail"},
        )["IdentityProvider"]
        same(made["ProviderType"], "SAML")
        assert made["ProviderDetails"]["SSORedirectBindingURI"].startswith("http"), made

    def described_providers():
        for name, kind in [("Corporate", "OIDC"), ("Campus", "SAML")]:
            found = client.describe_identity_provider(UserPoolId=pool_id, ProviderName=name)["IdentityProvider"]
            same((found["ProviderName"], found["ProviderType"]), (name, kind))
            recent(found["CreationDate"])
        same(found["ProviderDetails"]["MetadataFile"], metadata)

    def listed_providers():
        listed = client.list_identity_providers(UserPoolId=pool_id)["Providers"]
        same({(one["ProviderName"], one["ProviderType"]) for one in listed}, {("Corporate", "OIDC"), ("Campus", "SAML")})
        assert all("ProviderDetails" not in one for one in listed), "a summary carries no details"

    def paged_providers():
        pages = client.get_paginator("list_identity_providers").paginate(UserPoolId=pool_id, MaxResults=1)
        same([len(page["Providers"]) for page in pages if page["Providers"]], [1, 1])

    report.check("CreateIdentityProvider: OIDC", oidc_provider)
    report.check("CreateIdentityProvider: SAML", saml_provider)
    report.check("DescribeIdentityProvider", described_providers)
    report.check("ListIdentityProviders", listed_providers)
    report.check("ListIdentityProviders: pages", paged_providers)
    report.refused(
        "CreateIdentityProvider: duplicate",
        errors.DuplicateProviderException,
        lambda: client.create_identity_provider(
            UserPoolId=pool_id, ProviderName="Corporate", ProviderType="OIDC", ProviderDetails=oidc
        ),
    )
    report.refused(
        "CreateIdentityProvider: unknown type",
        errors.InvalidParameterException,
        lambda: client.create_identity_provider(
            UserPoolId=pool_id, ProviderName="Other", ProviderType="Carrier", ProviderDetails=oidc
        ),
        "1 validation error detected",
    )
    report.refused(
        "CreateIdentityProvider: metadata that is no metadata",
        errors.InvalidParameterException,
        lambda: client.create_identity_provider(
            UserPoolId=pool_id, ProviderName="Broken", ProviderType="SAML", ProviderDetails={"MetadataFile": "<a/>"}
        ),
    )
    report.refused(
        "DescribeIdentityProvider: unknown",
        errors.ResourceNotFoundException,
        lambda: client.describe_identity_provider(UserPoolId=pool_id, ProviderName="Nobody"),
    )
    report.refused(
        "ListIdentityProviders: MaxResults of 61",
        errors.InvalidParameterException,
        lambda: unchecked.list_identity_providers(UserPoolId=pool_id, MaxResults=61),
    )

    # ---- identity providers, changed and gone ----
    def updated_provider():
        before = client.describe_identity_provider(UserPoolId=pool_id, ProviderName="Corporate")["IdentityProvider"]
        changed = client.update_identity_provider(
            UserPoolId=pool_id, ProviderName="Corporate", AttributeMapping={"email": "mail"}, IdpIdentifiers=["example.net"]
        )["IdentityProvider"]
        same(changed["AttributeMapping"], {"email": "mail"})
        same(changed["IdpIdentifiers"], ["example.net"])
        same(changed["ProviderDetails"], before["ProviderDetails"])
        assert changed["LastModifiedDate"] > before["LastModifiedDate"], changed
        same(client.describe_identity_provider(UserPoolId=pool_id, ProviderName="Corporate")["IdentityProvider"], changed)

    def provider_by_identifier():
        found = client.get_identity_provider_by_identifier(UserPoolId=pool_id, IdpIdentifier="example.net")
        same(found["IdentityProvider"]["ProviderName"], "Corporate")

    def deleted_provider():
        client.create_identity_provider(
            UserPoolId=pool_id, ProviderName="Leaving", ProviderType="OIDC", ProviderDetails=oidc
        )
        client.delete_identity_provider(UserPoolId=pool_id, ProviderName="Leaving")
        names = {one["ProviderName"] for one in client.list_identity_providers(UserPoolId=pool_id)["Providers"]}
        same(names, {"Corporate", "Campus"})

    def signing_certificate():
        certificate = client.get_signing_certificate(UserPoolId=pool_id)["Certificate"]
        assert re.fullmatch(r"MII[A-Za-z0-9+/]+=*", certificate), certificate

    def link(destination, provider, attribute, value):
        return client.admin_link_provider_for_user(
            UserPoolId=pool_id,
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": destination},
            SourceUser={"ProviderName": provider, "ProviderAttributeName": attribute, "ProviderAttributeValue": value},
        )

    report.check("UpdateIdentityProvider", updated_provider)
    report.check("GetIdentityProviderByIdentifier", provider_by_identifier)
    report.check("DeleteIdentityProvider", deleted_provider)
    report.check("GetSigningCertificate", signing_certificate)
    report.refused(
        "UpdateIdentityProvider: a secret to another place",
        errors.InvalidParameterException,
        lambda: client.update_identity_provider(
            UserPoolId=pool_id,
            ProviderName="Corporate",
            ProviderDetails={key: value for key, value in oidc.items() if key != "client_secret"}
            | {"token_url": "https://evil.example.org/token"},
        ),
        "client_secret must be given again",
    )
    report.refused(
        "UpdateIdentityProvider: the own directory",
        errors.UnsupportedIdentityProviderException,
        lambda: client.update_identity_provider(UserPoolId=pool_id, ProviderName="COGNITO"),
    )
    report.refused(
        "DeleteIdentityProvider: unknown",
        errors.ResourceNotFoundException,
        lambda: client.delete_identity_provider(UserPoolId=pool_id, ProviderName="Nobody"),
    )
    report.refused(
        "GetIdentityProviderByIdentifier: unknown",
        errors.ResourceNotFoundException,
        lambda: client.get_identity_provider_by_identifier(UserPoolId=pool_id, IdpIdentifier="example.org"),
    )
    report.refused(
        "AdminLinkProviderForUser: no such destination",
        errors.UserNotFoundException,
        lambda: link("nobody", "Corporate", "Cognito_Subject", "1"),
    )
    report.refused(
        "AdminDisableProviderForUser: nothing linked",
        errors.UserNotFoundException,
        lambda: client.admin_disable_provider_for_user(
            UserPoolId=pool_id,
            User={
                "ProviderName": "Corporate",
                "ProviderAttributeName": "Cognito_Subject",
                "ProviderAttributeValue": "1",
            },
        ),
    )

    # ---- users ----
    report.check("ListUsers", lambda: same(client.list_users(UserPoolId=pool_id)["Users"], []))
    report.check(
        "ListUsers: filter",
        lambda: same(client.list_users(UserPoolId=pool_id, Filter='email ^= "alice"', Limit=10)["Users"], []),
    )
    report.refused(
        "ListUsers: bad filter",
        errors.InvalidParameterException,
        lambda: client.list_users(UserPoolId=pool_id, Filter='shoe_size = "44"'),
    )
    report.refused(
        "ListUsers: unknown pool", errors.ResourceNotFoundException, lambda: client.list_users(UserPoolId=unknown_pool)
    )

    # ---- credentials: the same call as DescribeUserPool above ----
    for name, impostor in [
        ("wrong secret key", cognito(endpoint, key, secret + "x")),
        ("unknown access key", cognito(endpoint, "AKIAUNKNOWNUNKNOWN00", secret)),
        ("no signature", cognito(endpoint, key, secret, signature_version=UNSIGNED)),
    ]:
        report.refused(name, SIGNATURE_ERRORS, lambda client=impostor: client.describe_user_pool(UserPoolId=pool_id))

    print(json.dumps({"passed": report.passed, "failed": report.failed} | report.facts, ensure_ascii=False, indent=1))
    return 1 if report.failed else 0


if __name__ == "__main__":
    if len(sys.argv) == 5:
        with open(sys.argv[4], encoding="utf-8") as file:
            document = file.read()
    else:
        document = self_made_metadata()
    sys.exit(main(*sys.argv[1:4], document))

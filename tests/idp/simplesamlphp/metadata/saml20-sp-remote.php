<?php

// The service providers that this identity provider answers. The file is read at every request, so that a service
// provider may be declared while the server runs.
$settings = json_decode(file_get_contents(getenv('FEDGATE_IDP_SETTINGS')), true, 32, JSON_THROW_ON_ERROR);

$formats = [
    'persistent' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    'emailAddress' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    'transient' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
];

foreach ($settings['service_providers'] as $sp) {
    $entity = [
        'AssertionConsumerService' => $sp['acs_url'],
        'NameIDFormat' => $formats[$sp['name_id']],
        'saml20.sign.response' => $sp['sign'] !== 'assertion',
        'saml20.sign.assertion' => $sp['sign'] !== 'response',
    ];
    if (isset($sp['slo_url'])) {
        $entity['SingleLogoutService'] = $sp['slo_url'];
        $entity['sign.logout'] = true;
        $entity['validate.logout'] = isset($sp['certificate']);
    }
    if (isset($sp['certificate'])) {
        // Base64 DER. With it, requests must be signed; `encrypt` encrypts the assertion to it.
        $entity['certData'] = $sp['certificate'];
        $entity['validate.authnrequest'] = $sp['signed_requests'] ?? true;
        $entity['assertion.encryption'] = $sp['encrypt'] ?? false;
    }
    $metadata[$sp['sp_entity_id']] = $entity;
}

<?php

// SimpleSAMLphp as an identity provider for the tests. What varies stands in the JSON file that FEDGATE_IDP_SETTINGS names.
$settings = json_decode(file_get_contents(getenv('FEDGATE_IDP_SETTINGS')), true, 32, JSON_THROW_ON_ERROR);

// Debian 12's version encrypts with AES-128-CBC and offers no choice; version 2 has one. `content` puts another algorithm in
// that one place of its own code, before the class is loaded.
if (isset($settings['content'])) {
    $class = '/usr/share/simplesamlphp/vendor/simplesamlphp/saml2/src/SAML2/EncryptedAssertion.php';
    $old = 'new XMLSecurityKey(XMLSecurityKey::AES128_CBC)';
    $changed = str_replace($old, "new XMLSecurityKey('{$settings['content']}')", file_get_contents($class), $places);
    if ($places !== 1) {
        throw new Exception("SimpleSAMLphp changed: $class");
    }
    if (!class_exists('SAML2\\EncryptedAssertion', false)) {
        eval(substr($changed, strlen('<?php')));
    }
}

$config = [
    'baseurlpath' => $settings['origin'] . '/',
    'certdir' => $settings['dir'] . '/',
    'loggingdir' => $settings['dir'] . '/',
    'datadir' => $settings['dir'] . '/',
    'tempdir' => $settings['dir'] . '/tmp',
    'metadata.sources' => [['type' => 'flatfile', 'directory' => __DIR__ . '/metadata']],
    'secretsalt' => $settings['salt'],
    'auth.adminpassword' => $settings['salt'],
    'admin.checkforupdates' => false,
    'timezone' => 'UTC',
    'showerrors' => true,
    'errorreporting' => false,
    'logging.handler' => 'errorlog',
    'logging.level' => SimpleSAML\Logger::INFO,
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
    'store.type' => 'phpsession',
    'session.phpsession.savepath' => $settings['dir'] . '/tmp',
    // Plain HTTP on loopback: a browser would drop `Secure` cookies.
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'language.cookie.secure' => false,
    'language.cookie.samesite' => null,
    'language.available' => ['en'],
    'language.default' => 'en',
];

<?php

// The users that may sign in: a form with user name and password.
$settings = json_decode(file_get_contents(getenv('FEDGATE_IDP_SETTINGS')), true, 32, JSON_THROW_ON_ERROR);

$config = ['users' => ['exampleauth:UserPass']];
foreach ($settings['users'] as $name => $user) {
    $config['users'][$name . ':' . $user['password']] = ['uid' => [$name]] + $user['attributes'];
}

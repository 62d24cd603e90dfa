//! `migradoctl signing-key`: show, rotate.

use serde_json::{Value, json};

use crate::cli::{Format, SigningKey};
use crate::client::Client;
use crate::exit::{Code, Failure};
use crate::output;

const PATH: &str = "/api/v1/signing-key";

pub(crate) async fn run(client: &Client, format: Format, verb: SigningKey) -> Result<Code, Failure> {
    let key = match verb {
        SigningKey::Show => client.get(PATH).await?,
        SigningKey::Rotate { yes } => {
            let question = "Replace the key that signs orders? Displays follow by themselves, also those \
                            that are away; the old key is destroyed.";
            if !yes && !output::confirm(question)? {
                return Err(Failure::failed("nothing was done"));
            }
            let key = client.post(&format!("{PATH}/rotate"), &json!({}), &[]).await?;
            output::say(&format!("orders are signed with key {} from now on", output::text(&key["id"])));
            key
        }
    };
    print(format, &key);
    Ok(Code::Ok)
}

fn print(format: Format, key: &Value) {
    let pairs = [
        ("key".to_owned(), output::text(&key["id"])),
        ("public".to_owned(), output::text(&key["public"])),
        ("since".to_owned(), output::moment(&key["since_ms"])),
        ("rotations".to_owned(), output::text(&key["rotations"])),
    ];
    output::pairs(format, &pairs, key);
}
